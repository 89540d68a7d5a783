import Foundation

/// A program of somebody else's that runs while it is measured, and is gone when it is let go.
final class PeerProcess {
    private let process = Process()

    /// - Parameter isReady: asked until it is.
    init(_ program: String, _ arguments: [String], isReady: () -> Bool) throws {
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let deadline = monotonicSeconds() + 20
        while !isReady() {
            guard monotonicSeconds() < deadline, process.isRunning else {
                throw BenchError("\(program) was not ready within 20 s")
            }
            usleep(20_000)
        }
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    /// Runs a program to its end and returns its output.
    static func output(_ program: String, _ arguments: [String]) throws -> String {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self)
        guard process.terminationStatus == 0 else { throw BenchError("\(program) \(arguments) failed: \(text)") }
        return text
    }
}
