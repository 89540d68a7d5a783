import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// A broker that tells a history which is none: nothing of it enters the inbox, nothing goes on for ever, and all else is served.
@Suite struct HostileHistoryTests {
    /// Studio has four messages, and its inbox is lost; it comes back behind these hands.
    private func besiege(
        names: [String] = ["laptop", "studio"], _ hands: @escaping HostileBroker.Hands,
        _ body: @escaping @Sendable (Siege, TestDaemon, Observed<[String]>) async throws -> Void
    ) async throws {
        try await Siege.lay(to: names) { siege in
            try await siege.studio.deliver(["a question"], to: "laptop")
            try await siege.laptop.deliver((1...4).map { "\($0)" }, to: "studio")
            try await siege.studio.stop()
            try await siege.laptop.settle()
            try House.damage("inbox.db", of: siege.studio.state)
            siege.hands(hands)
            let log = Observed([String]())
            let studio = try await siege.house.restart(
                siege.studio, servers: [siege.broker.url, siege.relay.url], log: log)
            try await studio.isConnected()
            try await body(siege, studio, log)
            try await siege.isServed(from: siege.laptop, to: studio)
        }
    }

    /// Changes each item, or what ends a page.
    private static func telling(
        item: @escaping @Sendable (HistoryItem, [UInt8]) -> [(HistoryItem, [UInt8])] = { [($0, $1)] },
        end: @escaping @Sendable (HistoryEnd) -> HistoryEnd? = { $0 }
    ) -> HostileBroker.Hands {
        { frame, _ in
            switch frame.message {
            case .historyItem(let told):
                item(told, frame.body).map { MeshFrame.historyItem($0).encoded(body: $1) }
            case .historyEnd(let told): end(told).map { [MeshFrame.historyEnd($0).encoded()] } ?? []
            default: [frame.bytes]
            }
        }
    }

    private func questions(_ siege: Siege) -> Int {
        siege.passed.value.count { if case .history = $0.frame.message { true } else { false } }
    }

    @Test("pages that do not fall end the refill: it is asked for once, counted, and nothing of such a page is taken")
    func endless() async throws {
        let hands = Self.telling(end: { HistoryEnd(request: $0.request, before: 1 << 50) })
        try await besiege(hands) { siege, studio, log in
            try await studio.isWhole()
            try await siege.expect(studio, ["history_broken": 1])
            #expect(questions(siege) == 1)
            #expect(
                log.value.filter { $0.contains("inbox_refill") }.map { $0.hasPrefix("error inbox_refill_ended") } == [
                    true
                ])
            #expect(log.value.contains { $0.contains("pages_out_of_order") })
            #expect(try await studio.inbox() == [])
        }
    }

    @Test("an item told twice ends it too")
    func repeated() async throws {
        try await besiege(Self.telling(item: { [($0, $1), ($0, $1)] })) { siege, studio, log in
            try await studio.isWhole()
            // The other items are part of no answer any more, nor is its end.
            try await eventually("it is counted") { try await studio.client.health().inbound["history_broken"] == 1 }
            #expect(log.value.contains { $0.contains("items_out_of_order") })
            #expect(try await studio.inbox() == [])
        }
    }

    @Test("items nobody asked for are counted and go nowhere")
    func unasked() async throws {
        let caught = Observed([(HistoryItem, [UInt8])]())
        let hands = Self.telling(item: { item, body in
            caught.update { $0.append((item, body)) }
            return [(item, body)]
        })
        try await besiege(hands) { siege, studio, _ in
            try await studio.isWhole()
            let before = try await studio.inbox()
            #expect(before.map(\.body) == ["1", "2", "3", "4"])
            let (item, body) = try #require(caught.value.first)
            siege.tell(studio, .historyItem(item), body: body)
            siege.tell(studio, .historyEnd(HistoryEnd(request: item.request, before: 1)))
            try await siege.expect(studio, ["frame_unexpected": 2])
            #expect(try await studio.inbox() == before)
            #expect(questions(siege) == 1)
        }
    }

    @Test("items for others, from others and its own are refused by their faults, and the rest comes")
    func foreign() async throws {
        let mischief = Observed(0)
        let hands = Self.telling(item: { item, body in
            // A receipt may be among them.
            guard item.push.priority == .next, case .dm(let me) = item.push.destination else { return [(item, body)] }
            mischief.update { $0 += 1 }
            var (item, body) = (item, body)
            // Newest first: another's address; what is its own; other bytes.
            switch mischief.value {
            case 1: item.push.destination = .dm(item.push.sender)
            case 2: item.push.sender = me
            case 3: body[30] ^= 1
            default: break
            }
            return [(item, body)]
        })
        try await besiege(hands) { siege, studio, log in
            try await studio.isWhole()
            let counts = try await studio.client.health().inbound
            #expect(counts["misaddressed"] == 1 && counts["does_not_open"] == 2, "\(counts)")
            #expect(log.value.contains { $0.contains("inbox_refilled") && $0.contains("\"refused\": 3") })
            #expect(try await studio.inbox().map(\.body) == ["1"])
        }
    }

    @Test("while the broker is silent nothing else waits, and the next session brings what is missing")
    func silent() async throws {
        try await besiege(Self.telling(end: { _ in nil })) { siege, studio, _ in
            try await siege.isServed(from: siege.laptop, to: studio)
            #expect(try await studio.client.health().inboxRefilled == 0)
            #expect(try await studio.inbox().map(\.body) == ["still served"])
            siege.hands(Siege.honest)
            siege.broker.loseDaemons()
            try await studio.isWhole()
            #expect(try await studio.inbox().map(\.body) == ["1", "2", "3", "4", "still served"])
        }
    }

    @Test("a page that is older than any inbox keeps is the last")
    func past() async throws {
        let hands = Self.telling(
            item: { item, body in
                var item = item
                item.push.sentAt = 1
                return [(item, body)]
            }, end: { HistoryEnd(request: $0.request, before: 1) })
        try await besiege(hands) { siege, studio, log in
            try await studio.isWhole()
            #expect(questions(siege) == 1)
            #expect(log.value.contains { $0.contains("inbox_refilled") && $0.contains("\"messages\": 4") })
        }
    }

    @Test("an older server that tells no history is said to be one, once, and asked again by the next session")
    func older() async throws {
        let refusal = ErrorFrame(code: "invalid_message", message: "not taken", ref: "history")
        let hands: HostileBroker.Hands = { frame, _ in
            switch frame.message {
            case .historyItem: []
            case .historyEnd: [MeshFrame.error(refusal).encoded()]
            default: [frame.bytes]
            }
        }
        try await besiege(hands) { siege, studio, log in
            _ = try await log.wait { $0.contains { $0.contains("inbox_refill_waits") } }
            siege.broker.loseDaemons()
            _ = try await siege.passed.wait { passed in
                passed.count { if case .history = $0.frame.message { true } else { false } } >= 2
            }
            try await siege.isServed(from: siege.laptop, to: studio)
            #expect(log.value.count { $0.contains("inbox_refill_waits") } == 1)
            #expect(!log.value.contains { $0.contains("broker_error") })
            siege.hands(Siege.honest)
            siege.broker.loseDaemons()
            try await studio.isWhole()
            #expect(try await studio.inbox().map(\.body) == ["1", "2", "3", "4", "still served"])
        }
    }

    @Test("asked too often, it is asked again after a second")
    func tooOften() async throws {
        let asked = Observed(0)
        let hands: HostileBroker.Hands = { frame, direction in
            guard case .history(let history) = frame.message, direction == .toBroker else { return [frame.bytes] }
            asked.update { $0 += 1 }
            // A topic's name is refused, and the refusal made one for now.
            guard asked.value == 1, let name = TopicName("none") else { return [frame.bytes] }
            return [
                MeshFrame.history(History(request: history.request, conversation: .topic(name), limit: 1)).encoded()
            ]
        }
        let rewriting: HostileBroker.Hands = { frame, direction in
            if case .error(var error) = frame.message, error.ref == "history" {
                error.code = "rate_limited"
                return [MeshFrame.error(error).encoded()]
            }
            return hands(frame, direction)
        }
        try await besiege(rewriting) { _, studio, log in
            try await studio.isWhole()
            #expect(asked.value == 2)
            #expect(try await studio.inbox().map(\.body) == ["1", "2", "3", "4"])
            #expect(log.value.filter { $0.contains("inbox_refill") }.count == 1)
        }
    }
}
