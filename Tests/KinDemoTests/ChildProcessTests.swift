import Foundation
import Testing

@testable import KinDemo

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Processes of the demo")
struct ChildProcessTests {
    private let log = FileManager.default.temporaryDirectory.appendingPathComponent("child-\(UUID().uuidString)").path

    private func shell(_ script: String, input: ((FileHandle) throws -> Void)? = nil) throws -> ChildProcess {
        try .start("/bin/sh", ["-c", script], environment: ["GIVEN": "yes"], log: log, input: input)
    }

    private func logged() -> String {
        String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
    }

    /// Waits until the script says that it is ready to be signalled.
    private func ready() async throws {
        try await Patience.wait(for: "the script", within: .seconds(20)) { logged().contains("ready") ? () : nil }
    }

    @Test("the environment is what was given and nothing of ours")
    func environment() async throws {
        setenv("KIN_TEST_SECRET", "1", 1)
        defer { try? FileManager.default.removeItem(atPath: log) }
        let child = try shell("echo \"$GIVEN-$KIN_TEST_SECRET\"")
        #expect(try await child.end(within: .seconds(20)) == 0)
        #expect(logged() == "yes-\n")
    }

    @Test("standard input is what was given, then its end; output and errors are appended to the log")
    func input() async throws {
        defer { try? FileManager.default.removeItem(atPath: log) }
        let child = try shell("cat; echo done >&2; exit 7") { try $0.write(contentsOf: Data("words\n".utf8)) }
        #expect(try await child.end(within: .seconds(20)) == 7)
        #expect(try await shell("echo more").end(within: .seconds(20)) == 0)
        #expect(logged() == "words\ndone\nmore\n")
    }

    @Test("an end by a signal counts as in a shell")
    func killed() async throws {
        defer { try? FileManager.default.removeItem(atPath: log) }
        let child = try shell("echo ready; while :; do sleep 0.05; done")
        try await ready()
        #expect(child.exitCode == nil)
        child.signal(SIGKILL)
        #expect(try await child.end(within: .seconds(20)) == 137)
    }

    @Test("stopping is clean only where SIGTERM ends it with exit code 0")
    func stop() async throws {
        defer { try? FileManager.default.removeItem(atPath: log) }
        let clean = try shell("trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done")
        try await ready()
        #expect(try await clean.stop())
        try FileManager.default.removeItem(atPath: log)
        let unclean = try shell("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done")
        try await ready()
        #expect(try await !unclean.stop())
    }

    @Test("a program that is not there is said")
    func absent() throws {
        defer { try? FileManager.default.removeItem(atPath: log) }
        let error = #expect(throws: (any Error).self) {
            _ = try ChildProcess.start("/nowhere/kin", [], environment: [:], log: log)
        }
        #expect("\(error as Any)".contains("/nowhere/kin"))
    }
}
