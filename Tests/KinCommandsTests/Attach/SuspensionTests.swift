import CPTY
import Foundation
import KinTerminal
import KinTesting
import KinWire
import Testing

@testable import KinCommands

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the far side knows when `kin attach` stands still.
@Suite struct SuspensionTests {
    @Test(
        "it stands still once the far side knows that nobody is attached, or does not say so", arguments: [true, false])
    func detached(isHeard: Bool) async throws {
        let (person, near) = try Self.terminal()
        defer { for file in [person, near.input] { close(file) } }
        let box = AttentiveTerminal(hears: isHeard)
        let stops = Observed([Bool]())
        let run = AttachRun([box], near: near, escape: .usual, patience: .seconds(1)) {
            stops.update { $0.append(box.knows.value) }
        }
        let end = Task { try await run.run(from: .screen, signals: AsyncStream { _ in }) }
        try Self.type("\u{1d}z", person)
        #expect(try await stops.wait { !$0.isEmpty } == [isHeard])
        try Self.type("\u{1d}d", person)
        #expect(try await end.value == .detached)
    }

    private static func terminal() throws -> (person: Int32, NearTerminal) {
        var (person, near) = (Int32(-1), Int32(-1))
        var path = [CChar](repeating: 0, count: 256)
        try #require(cpty_open(80, 24, 0, &person, &near, &path, path.count) == 0)
        return (person, NearTerminal(input: near, output: near))
    }

    private static func type(_ text: String, _ person: Int32) throws {
        let bytes = Array(text.utf8)
        try #require(write(person, bytes, bytes.count) == bytes.count)
    }
}

/// Tells nothing, and knows who is attached.
private final class AttentiveTerminal: AttachedTerminal {
    let name = "box"
    let comeBack = ""
    let knows = Observed(false)
    private let attached = Observed(0)
    /// Whether it hears of detachments at all.
    private let hears: Bool

    init(hears: Bool) { self.hears = hears }

    func events(from start: TerminalStart, size: TerminalSize?) async throws -> any AttachedEvents {
        Silence(attached: attached)
    }

    func detach() async throws {
        while attached.value > 0 || !hears { try await Task.sleep(for: .milliseconds(5)) }
        knows.update { $0 = true }
    }

    func check() async throws {}
    func write(_ bytes: [UInt8]) async throws {}
    func resize(to size: TerminalSize) async throws {}
    func close() async throws {}

    private final class Silence: AttachedEvents {
        private let attached: Observed<Int>

        init(attached: Observed<Int>) {
            self.attached = attached
            attached.update { $0 += 1 }
        }

        deinit { attached.update { $0 -= 1 } }

        func next() async throws -> TerminalEvent? {
            try await Task.sleep(for: .seconds(600))
            return nil
        }
    }
}
