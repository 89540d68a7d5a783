import Foundation
import Testing

/// The program itself, in processes of its own.
enum Program {
    struct Ended {
        var code: Int32
        var output: String
        var errors: String

        /// Of what went to standard output.
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    private static let url: URL? = {
        // Beside the tests: their own file on Linux, their bundle on macOS.
        #if os(Linux)
            let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map(
                URL.init(fileURLWithPath:))
        #else
            let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        #endif
        return tests?.deletingLastPathComponent().appendingPathComponent("kin")
    }()

    /// Runs a shell script, in which `$KIN` is the program and `$PHRASE` a recovery phrase.
    static func run(_ script: String, home: String) throws -> Ended {
        let program = try #require(url)
        try #require(
            FileManager.default.isExecutableFile(atPath: program.path), "build it first: swift build --product kin")
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.environment = [
            "KIN": program.path, "KINDRED_HOME": home, "PATH": "/usr/bin:/bin", "PHRASE": Stage.phrase,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return Ended(code: process.terminationStatus, output: text, errors: said)
    }
}
