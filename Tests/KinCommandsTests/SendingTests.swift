import Foundation
import KinDaemonAPI
import KinWire
import Testing

@testable import KinCommands

@Suite("kin send --lines and --wait")
struct SendingTests {
    private func lines(_ pieces: [String]) throws -> [[InputLines.Line]] {
        var input = InputLines(ScriptedTerminal(pieces: pieces))
        var all: [[InputLines.Line]] = []
        while let lines = try input.next() { all.append(lines) }
        return all
    }

    @Test("lines are cut wherever the input is, without CR and without those that are empty, and keep their numbers")
    func cuts() throws {
        let cut = try lines(["one\nt", "wo\r\n\n", "\r\nthree\nfo", "ur"])
        #expect(cut.map { $0.map(\.text) } == [["one"], ["two"], ["three"], ["four"]])
        #expect(cut.flatMap { $0 }.map(\.number) == [1, 2, 5, 6])
        #expect(try lines(["a\nb\nc\n"]).map { $0.map(\.text) } == [["a", "b", "c"]])
        #expect(try lines([]).isEmpty && lines(["\n", "\r\n"]).isEmpty)
    }

    @Test("a line that never ends is refused with its number")
    func endless() throws {
        let error = #expect(throws: KinError.self) {
            try lines(["ok\n"] + Array(repeating: String(repeating: "x", count: 1 << 16), count: 17))
        }
        #expect(error?.code == "line_too_long" && error?.message.contains("line 2") == true)
    }

    @Test(
        "what makes no sense together is a usage error",
        arguments: [
            ["--lines", "--id", "x"], ["text", "--lines"], ["text", "--timeout", "5s"], ["text", "--wait", "queued"],
            ["text", "--wait", "dead"], ["text", "--wait", "delivered", "--timeout", "soon"],
        ])
    func usage(arguments: [String]) async throws {
        let stage = try Stage()
        #expect(await KinCommand.execute(["send", "studio"] + arguments, in: stage.context) == .usage)
    }

    // MARK: Waiting

    private func status(_ state: MessageState, error: String? = nil) throws -> MessageStatus {
        MessageStatus(
            clientMessageID: try #require(ClientMessageID("m-1")), status: state, to: "studio", toMember: "01J",
            priority: .next, queuedAt: 1, relayedAt: nil, deliveredAt: nil, readAt: nil, expiresAt: nil,
            brokerMessageID: nil, lastError: error)
    }

    private func wait(
        _ states: [MessageStatus], for goal: MessageState, online: Bool = false, broker: Bool = true
    ) async throws -> MessageWait.End {
        let source = FixedMessage(states, online: online, broker: broker)
        let terms = MessageWait.Terms(goal: goal, milliseconds: 60)
        return try await MessageWait(source: source, terms).wait(for: try #require(ClientMessageID("m-1")))
    }

    @Test("it ends when the message is as far as wanted, or further")
    func arrives() async throws {
        let way = [try status(.queued), try status(.relayed), try status(.delivered)]
        #expect(try await wait(way, for: .relayed).status.status == .relayed)
        let end = try await wait(way, for: .delivered)
        #expect(end.status.status == .delivered && end.failure == nil)
        #expect(try await wait([status(.read)], for: .delivered).failure == nil)
    }

    @Test("what comes no further ends it at once, with the reason and exit code 4")
    func ends() async throws {
        let refused = try await wait([status(.queued), status(.refused, error: "expired")], for: .delivered).failure
        #expect(refused?.code == "message_refused" && refused?.message == "studio did not take it: expired")
        let dead = try await wait([status(.dead, error: "too_large")], for: .delivered).failure
        #expect(dead?.code == "message_dead" && dead.map { CommandStatus($0.category) } == .refused)
        #expect(try await wait([status(.aborted)], for: .read).failure?.code == "message_aborted")
    }

    @Test("when the time is over it says how far it came and why, with exit code 3")
    func timesOut() async throws {
        let offline = try await wait([status(.relayed)], for: .delivered).failure
        #expect(offline?.code == "wait_timed_out" && offline.map { CommandStatus($0.category) } == .unreachable)
        #expect(
            offline?.message
                == "after 60 ms it is relayed, not delivered: studio is not connected; it gets the message when it comes back"
        )
        let silent = try await wait([status(.relayed)], for: .delivered, online: true).failure
        #expect(silent?.message.hasSuffix("studio is connected and has not confirmed it") == true)
        let away = try await wait([status(.queued)], for: .relayed, broker: false).failure
        #expect(away?.message.contains("https://x is not connected (nothing listens)") == true)
        let refused = try await wait([status(.queued, error: "storage_full")], for: .relayed).failure
        #expect(refused?.message.contains("storage_full") == true)
        let unread = try await wait([status(.delivered)], for: .read).failure
        #expect(unread?.message.hasSuffix("nobody there has said that it was read") == true)
    }
}
