import Foundation
import KinDaemon
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import Testing

/// Ending whoever holds a home. The daemon itself is ended in the tests of the program.
@Suite struct DaemonStoppingTests {
    private let folder: TemporaryFolder
    private let state: StateFolder
    private var lock: String { state.daemon() + "/pid" }

    init() throws {
        folder = try TemporaryFolder()
        state = StateFolder(root: folder.path + "/home")
        try state.prepare()
    }

    @Test("where none ever ran, or the last has ended, nothing is done")
    func none() async throws {
        #expect(try await DaemonStopping(state).run() == .notRunning)
        try Data("1\n".utf8).write(to: URL(filePath: lock))
        #expect(try await DaemonStopping(state).run() == .notRunning)
    }

    @Test("a command that changes the home is not taken for a daemon")
    func maintenance() async throws {
        let wallet = try TestWallet()
        try await Enrolment(state: state, now: TestClock.start).enrol(wallet.file, signer: wallet)
        let command = try StoppedDaemon(state)
        let error = await #expect(throws: KinError.self) { try await DaemonStopping(state).run() }
        #expect(error?.code == "home_in_use")
        withExtendedLifetime(command) {}
    }

    #if os(Linux)
        /// A process that holds the lock, and calls itself what `name` prints.
        private func holder(_ name: String, ignoring: String = "") async throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = [
                "-c", "\(ignoring)\nexec 9>>\"$0\"; flock 9; \(name) > \"$0\"; exec sleep 60", lock,
            ]
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            try await eventually("the lock is held") { FileLock.holder(of: lock)?.isEmpty == false }
            return process
        }

        private func end(_ process: Process) {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }

        @Test("the holder is asked, and ends")
        func asked() async throws {
            let process = try await holder("echo $$")
            #expect(try await DaemonStopping(state).run() == .stopped(pid: process.processIdentifier))
            process.waitUntilExit()
            #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGTERM)
        }

        @Test("one that does not end is named, with what to do")
        func deaf() async throws {
            let process = try await holder("echo $$", ignoring: "trap '' TERM")
            defer { end(process) }
            let error = await #expect(throws: KinError.self) {
                try await DaemonStopping(state, patience: .milliseconds(200)).run()
            }
            #expect(error?.code == "daemon_not_ending" && error?.category == .failed)
            #expect(error?.message.contains("kill -9 \(process.processIdentifier) ") == true)
            #expect(process.isRunning)
        }

        @Test("a number that is not the holder's is signalled never", arguments: ["1", "-1", "0", "x"])
        func foreign(number: String) async throws {
            let process = try await holder("echo '\(number)'")
            defer { end(process) }
            let error = await #expect(throws: KinError.self) { try await DaemonStopping(state).run() }
            #expect(error?.code == "daemon_unknown" && error?.category == .refused)
            #expect(process.isRunning)
        }

        @Test("a process that has the number and not the lock is left alone")
        func reused() async throws {
            let other = Process()
            other.executableURL = URL(fileURLWithPath: "/bin/sleep")
            other.arguments = ["60"]
            try other.run()
            let process = try await holder("echo \(other.processIdentifier)")
            defer { for process in [process, other] { end(process) } }
            let error = await #expect(throws: KinError.self) { try await DaemonStopping(state).run() }
            #expect(error?.code == "daemon_unknown")
            #expect(other.isRunning && process.isRunning)
        }
    #endif
}
