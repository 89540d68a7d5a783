import Foundation
import Testing

@testable import KinCommands

/// The program itself, where only a process of its own shows what happens.
@Suite("The kin program")
struct BinaryTests {
    private struct Ended {
        var code: Int32
        var output: String
        var errors: String
    }

    private static let program: URL? = {
        // Beside the tests: their own file on Linux, their bundle on macOS.
        #if os(Linux)
            let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map(
                URL.init(fileURLWithPath:))
        #else
            let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        #endif
        return tests?.deletingLastPathComponent().appendingPathComponent("kin")
    }()

    private func run(_ script: String, home: String) throws -> Ended {
        let program = try #require(Self.program)
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

    @Test(
        "exit codes reach the shell",
        arguments: [
            ("--version", 0), ("send", 2), ("frobnicate", 2), ("wallet address", 5), ("status", 5),
        ] as [(String, Int32)])
    func codes(arguments: String, code: Int32) throws {
        let stage = try Stage()
        #expect(try run("\"$KIN\" \(arguments)", home: stage.home).code == code)
    }

    @Test("a phrase on standard input makes this machine a device, which a second import leaves alone")
    func enrolment() throws {
        let stage = try Stage()
        defer { stage.remove() }
        let ended = try run(
            """
            echo "$PHRASE" | "$KIN" wallet import && "$KIN" wallet address && echo "$PHRASE" | "$KIN" wallet import
            "$KIN" send studio hi
            """, home: stage.home)
        let lines = ended.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.last?.hasSuffix("nothing was changed") == true)
        #expect(ended.code == 3)
        #expect(ended.errors.hasPrefix("kin: no daemon answers"))
    }

    @Test("a reader that stops early is no error")
    func brokenPipe() throws {
        let stage = try Stage()
        let ended = try run(
            "{ \"$KIN\" completions bash; echo \"code $?\" >&2; } | head -c 1 > /dev/null", home: stage.home)
        #expect(ended.errors == "code 0\n")
    }

    @Test("a home that is nobody's to write is named")
    func unwritable() throws {
        let ended = try run("echo \"$PHRASE\" | \"$KIN\" wallet import", home: "/proc/kin")
        #expect(ended.code == 1)
        #expect(ended.errors.hasPrefix("kin: /proc"))
    }

    @Test("a home that others can write is refused with the command that mends it")
    func looseHome() throws {
        let stage = try Stage()
        defer { stage.remove() }
        let ended = try run(
            "mkdir \"$KINDRED_HOME\" && chmod 777 \"$KINDRED_HOME\" && echo \"$PHRASE\" | \"$KIN\" wallet import",
            home: stage.home)
        #expect(ended.code == 4)
        #expect(ended.errors.contains("chmod 700 \(stage.home)"))
    }
}
