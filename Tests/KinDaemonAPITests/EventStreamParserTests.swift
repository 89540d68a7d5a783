import KinDaemonAPI
import KinEncoding
import Testing

@Suite struct EventStreamParserTests {
    private let events = [
        DaemonEvent(kind: .message, id: 7, data: .object(["body": .string("line\nbreak: é 😀 \u{2028}")])),
        DaemonEvent(kind: .daemonDisconnect, data: .object(["reason": .string("")])),
        DaemonEvent(kind: .message, id: 0, data: .object([:])),
    ]

    private func parse(_ chunks: [[UInt8]]) -> [DaemonEvent]? {
        var parser = EventStreamParser()
        var found: [DaemonEvent] = []
        for chunk in chunks {
            guard let events = parser.parse(chunk) else { return nil }
            found += events
        }
        return found
    }

    @Test("an event is written as server-sent events are")
    func encoded() {
        #expect(
            String(
                decoding: DaemonEvent(kind: .peerJoin, id: 12, data: .object(["a": .string("b\nc")])).encoded(),
                as: UTF8.self)
                == "event: peer_join\nid: 12\ndata: {\"a\":\"b\\nc\"}\n\n")
        #expect(
            String(decoding: DaemonEvent(kind: .receipt, data: .object([:])).encoded(), as: UTF8.self)
                == "event: receipt\ndata: {}\n\n")
    }

    @Test("a stream cut at any byte, and at any two, gives the same events")
    func everyBoundary() {
        let stream = events.flatMap { $0.encoded() }
        for first in 0...stream.count {
            #expect(parse([Array(stream[..<first]), Array(stream[first...])]) == events)
            let second = (first + stream.count) / 2
            let parts = [stream[..<first], stream[first..<second], stream[second...]]
            #expect(parse(parts.map { Array($0) }) == events)
        }
        #expect(parse(stream.map { [$0] }) == events)
        #expect(parse([]) == [])
    }

    @Test("comments, unknown kinds and fields, and damaged data are passed over")
    func passedOver() {
        let stream =
            ": ready\n\n:\n\nevent: hook_executed\ndata: {}\n\nevent: message\nid: 1\ndata: no JSON\n\nretry: 5\n\nnonsense\n\n\n\n"
        let sound = events[0].encoded()
        #expect(parse([Array(stream.utf8) + sound]) == [events[0]])
    }

    @Test("a comment within an event does not end it, and nothing of one event reaches the next")
    func separation() {
        let stream = "event: message\n: beat\nid: 3\ndata: {}\n\ndata: {}\n\nevent: receipt\ndata: {}\n\n"
        #expect(
            parse([Array(stream.utf8)])
                == [
                    DaemonEvent(kind: .message, id: 3, data: .object([:])),
                    DaemonEvent(kind: .receipt, data: .object([:])),
                ])
    }

    @Test("an event that was not ended is not given")
    func unfinished() {
        #expect(parse([Array(events[0].encoded().dropLast())]) == [])
    }

    @Test(
        "every kind comes back as itself",
        arguments: [
            DaemonEvent.Kind.message, .receipt, .peerJoin, .peerLeave, .deviceNew, .daemonDisconnect, .daemonReconnect,
            .revocationsWithheld,
        ])
    func kinds(_ kind: DaemonEvent.Kind) {
        let event = DaemonEvent(kind: kind, data: .object(["k": .integer(1)]))
        #expect(parse([event.encoded()]) == [event])
    }
}
