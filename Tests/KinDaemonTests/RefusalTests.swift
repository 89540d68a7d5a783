import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

/// Against a broker that answers sends as a test tells it; names come from a real relay beside it.
@Suite struct RefusalTests {
    private func send(_ laptop: TestDaemon, _ id: String, _ priority: Priority = .next) async throws {
        let wanted = SendRequest(
            to: "laptop", message: id, priority: priority, clientMessageID: try ClientMessageID(id).orThrow("an id"))
        _ = try await laptop.client.send(wanted)
    }

    private func waits(_ laptop: TestDaemon, _ id: String, _ state: MessageState) async throws -> MessageStatus {
        try await laptop.waits(for: ClientMessageID(id).orThrow("an id"), toBe: state)
    }

    @Test("a lane that waits half an hour holds up none that waits half a second")
    func independentWaits() async throws {
        try await House.runAgainstFake { asked in
            if asked.send.priority == .next { return asked.nack("rate_limited", retryable: true, after: 1_800_000) }
            return asked.attempt == 1 ? asked.nack("rate_limited", retryable: true) : asked.ack
        } _: { laptop, broker in
            try await send(laptop, "slow")
            try await eventually("the slow lane waits") {
                try await laptop.client.message(ClientMessageID("slow").orThrow("an id")).lastError == "rate_limited"
            }
            try await send(laptop, "quick", .now)
            _ = try await waits(laptop, "quick", .relayed)
            #expect(broker.heard.value.sent == ["slow", "quick", "quick"])
            #expect(try await laptop.client.health().outboxPending == 1)
        }
    }

    @Test("after a refusal of one the later ones are sent again behind it, and the reason is told meanwhile")
    func goBackN() async throws {
        try await House.runAgainstFake { asked in
            let isFirst = asked.send.clientMessageID.description == "1"
            if isFirst && asked.attempt == 1 { return asked.nack("storage_full", retryable: true, after: 300) }
            let wasRetried = asked.sent.filter { $0 == "1" }.count > 1
            return wasRetried ? asked.ack : asked.nack("out_of_order", retryable: true)
        } _: { laptop, broker in
            for id in ["1", "2", "3"] { try await send(laptop, id) }
            for id in ["1", "2", "3"] { #expect(try await waits(laptop, id, .relayed).lastError == nil) }
            let sent = broker.heard.value.sent
            #expect(sent.first == "1" && Array(sent.suffix(3)) == ["1", "2", "3"])
        }
    }

    @Test("where the broker waits for a message that was dropped meanwhile, what is behind it goes on all the same")
    func givenUp() async throws {
        try await House.runAgainstFake { asked in
            if asked.connection > 1 { return asked.ack }
            let isFirst = asked.send.clientMessageID.description == "doomed"
            return asked.nack(isFirst ? "storage_full" : "out_of_order", retryable: true)
        } _: { laptop, broker in
            for id in ["doomed", "heir"] { try await send(laptop, id) }
            try await eventually("the first is refused") {
                try await laptop.client.message(ClientMessageID("doomed").orThrow("an id")).lastError == "storage_full"
            }
            try await eventually("it is dropped between two attempts") {
                try await laptop.call(.POST, "/v1/outbox/doomed/drop").status == 200
            }
            _ = try await waits(laptop, "heir", .relayed)
            #expect(broker.heard.value.connections == 2)
        }
    }

    @Test("a final refusal is the end of that message, with the broker's word, and of no other")
    func finalRefusal() async throws {
        try await House.runAgainstFake { asked in
            asked.send.clientMessageID.description == "bad" ? asked.nack("too_large", retryable: false) : asked.ack
        } _: { laptop, broker in
            for id in ["before", "bad", "after"] { try await send(laptop, id) }
            #expect(try await waits(laptop, "bad", .dead).lastError == "too_large")
            _ = try await waits(laptop, "before", .relayed)
            _ = try await waits(laptop, "after", .relayed)
            #expect(broker.heard.value.sent == ["before", "bad", "after"])
            #expect(try await laptop.client.health().outboxDead == 1)
        }
    }

    @Test(
        "what a lost connection left unanswered is sent again on the next, in order, and no sooner than the members are known"
    )
    func cut() async throws {
        try await House.runAgainstFake { asked in
            guard asked.connection == 1 else { return asked.ack }
            return asked.send.clientMessageID.description == "3" ? .cut : .nothing
        } _: { laptop, broker in
            for id in ["1", "2", "3"] { try await send(laptop, id) }
            for id in ["1", "2", "3"] { _ = try await waits(laptop, id, .relayed) }
            #expect(broker.heard.value.sent == ["1", "2", "3", "1", "2", "3"])
            #expect(broker.heard.value.early == 0)
        }
    }

    @Test("a broker's smaller limit for files is kept too by what does not fit a frame")
    func smallerLimit() async throws {
        try await House.runAgainstFake {
            $0.ack
        } _: { laptop, broker in
            let answer = try await laptop.post(#"{"to":"laptop","message":"\#(String(repeating: "x", count: 5000))"}"#)
            #expect(answer.status == 413 && answer["error", "detail", "limit"] == .integer(4096))
            #expect(broker.heard.value.sent == [])
        }
    }

    @Test("what does not open, or is of nobody known, is finished without a word to anybody", arguments: [true, false])
    func silent(isKnown: Bool) async throws {
        try await House.runAgainstFake { asked in
            guard asked.send.clientMessageID.description == "bait" else { return asked.ack }
            guard case .dm(let member) = asked.send.destination else { return .nothing }
            let stranger = ULID(milliseconds: 1, randomness: Array(repeating: 3, count: 10))
            let push = Push(
                brokerMessageID: 77, clientMessageID: asked.send.clientMessageID,
                sender: isKnown ? member : stranger, line: asked.send.line, seq: 1, destination: .dm(member),
                priority: .next, sentAt: 1)
            return .push(push, body: [UInt8](repeating: 5, count: 200))
        } _: { laptop, broker in
            try await send(laptop, "bait", .now)
            let refusal = ClientAck(results: [.init(brokerMessageID: 77, result: .refused)])
            _ = try await broker.heard.wait { heard in
                heard.frames.contains { frame in
                    if case .clientAck(let ack) = frame.message { ack == refusal } else { false }
                }
            }
            try await send(laptop, "after", .low)
            _ = try await waits(laptop, "after", .relayed)
            #expect(broker.heard.value.sent == ["bait", "after"])
        }
    }
}
