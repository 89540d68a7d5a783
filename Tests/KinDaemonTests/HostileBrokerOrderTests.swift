import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

/// A broker that keeps back, reorders and forges what moves between daemons. Nothing is lost, nothing comes twice, and what shows is counted.
@Suite struct HostileBrokerOrderTests {
    @Test("messages of one lane in another order are all taken, and the gap and the way back are counted")
    func reordered() async throws {
        try await Siege.lay { siege in
            _ = try await siege.pushed("1", by: siege.laptop, to: "studio")
            _ = try await siege.studio.bodies(1)
            siege.withhold("push")
            let second = try await siege.pushed("2", by: siege.laptop, to: "studio")
            let third = try await siege.pushed("3", by: siege.laptop, to: "studio")
            siege.tell(siege.studio, third)
            siege.tell(siege.studio, second)
            #expect(try await siege.studio.bodies(3) == ["1", "3", "2"])
            try await siege.expect(siege.studio, ["gap": 1, "reversal": 1])
        }
    }

    @Test("a message that is kept back leaves a gap, and comes with the next honest session")
    func dropped() async throws {
        try await Siege.lay { siege in
            _ = try await siege.pushed("1", by: siege.laptop, to: "studio")
            _ = try await siege.studio.bodies(1)
            siege.withhold("push")
            let kept = try await siege.pushed("2", by: siege.laptop, to: "studio")
            siege.hands(Siege.honest)
            _ = try await siege.laptop.send("3", to: "studio")
            #expect(try await siege.studio.bodies(2) == ["1", "3"])
            try await siege.expect(siege.studio, ["gap": 1])
            siege.broker.loseDaemons()
            #expect(try await siege.studio.bodies(3) == ["1", "3", "2"])
            // What came behind the one that was kept back comes again with it.
            try await siege.expect(siege.studio, ["gap": 1, "reversal": 1, "duplicate": 1])
            try await siege.laptop.waits(for: kept.header.clientMessageID, toBe: .delivered)
        }
    }

    @Test("without acks a sender says it again, and it arrives once")
    func withoutAcks() async throws {
        try await Siege.lay { siege in
            siege.withhold("ack")
            let answer = try await siege.laptop.send("once", to: "studio")
            #expect(try await siege.studio.bodies(1) == ["once"])
            #expect(try await siege.laptop.client.health().outboxPending == 1)
            siege.hands(Siege.honest)
            siege.broker.loseDaemons()
            try await siege.laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            try await eventually("nothing waits") { try await siege.laptop.client.health().outboxPending == 0 }
            #expect(siege.sends(of: answer.clientMessageID) == 2)
            #expect(try await siege.studio.inbox().count == 1)
        }
    }

    @Test("a broker that does not hear that a message was stored brings it again, and it is there once")
    func withoutClientAcks() async throws {
        try await Siege.lay { siege in
            siege.withhold("client_ack")
            let answer = try await siege.laptop.send("once", to: "studio")
            #expect(try await siege.studio.bodies(1) == ["once"])
            siege.hands(Siege.honest)
            siege.broker.loseDaemons()
            try await siege.expect(siege.studio, ["duplicate": 1])
            #expect(try await siege.studio.inbox().count == 1)
            try await siege.laptop.waits(for: answer.clientMessageID, toBe: .delivered)
        }
    }

    @Test("acks of what was never sent, or was acked before, change nothing")
    func strayAcks() async throws {
        try await Siege.lay { siege in
            let answer = try await siege.laptop.send("acked", to: "studio")
            let before = try await siege.laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            let never = try ClientMessageID("never-sent").orThrow("an id")
            for id in [never, answer.clientMessageID] {
                siege.tell(siege.laptop, .ack(Ack(clientMessageID: id, brokerMessageID: 4_000_000, duplicate: false)))
            }
            try await siege.expect(siege.laptop, ["ack_unexpected": 2])
            #expect(try await siege.laptop.client.message(answer.clientMessageID) == before)
            #expect(try await siege.laptop.call(.GET, "/v1/message/never-sent").status == 404)
            for code in ["too_large", "unknown_member", "out_of_order"] {
                for id in [never, answer.clientMessageID] {
                    let nack = Nack(clientMessageID: id, code: code, retryable: code != "too_large")
                    siege.tell(siege.laptop, .nack(nack))
                }
            }
            try await siege.expect(siege.laptop, ["ack_unexpected": 2, "nack_unexpected": 6])
            #expect(try await siege.laptop.client.message(answer.clientMessageID) == before)
            try await siege.isServed(from: siege.laptop, to: siege.studio)
        }
    }

    @Test("an ack with another number is believed, and does no more than make a message come again, which is seen")
    func otherNumber() async throws {
        try await Siege.lay { siege in
            // Receipts are kept back: so the sender does not know that it arrived.
            siege.hands { frame, _ in
                if Pushed(frame)?.header.priority == .low { return [] }
                guard case .ack(var ack) = frame.message else { return [frame.bytes] }
                ack.brokerMessageID += 1 << 40
                ack.historyID = ack.brokerMessageID
                return [MeshFrame.ack(ack).encoded()]
            }
            let answer = try await siege.laptop.send("once", to: "studio")
            #expect(try await siege.studio.bodies(1) == ["once"])
            try await siege.laptop.waits(for: answer.clientMessageID, toBe: .relayed)
            siege.broker.loseDaemons()
            // The store seems to be an older copy.
            try await siege.expect(sends: 2, of: answer.clientMessageID)
            siege.hands(Siege.honest)
            siege.broker.loseDaemons()
            try await siege.laptop.waits(for: answer.clientMessageID, toBe: .delivered)
            #expect(try await siege.studio.inbox().count == 1)
        }
    }

    @Test(
        "a forged final refusal ends its own message, in plain sight; it can be sent anew, and others are not touched")
    func forgedRefusal() async throws {
        try await Siege.lay { siege in
            siege.hands { frame, direction in
                guard direction == .toBroker, case .send(let send) = frame.message,
                    send.clientMessageID.description == "doomed"
                else { return [frame.bytes] }
                return []
            }
            let doomed = try await siege.laptop.send("doomed", to: "studio", id: "doomed").clientMessageID
            _ = try await siege.passed.wait {
                $0.contains { $0.frame.message.type == "send" && $0.direction == .toBroker }
            }
            siege.tell(siege.laptop, .nack(Nack(clientMessageID: doomed, code: "too_large", retryable: false)))
            let status = try await siege.laptop.waits(for: doomed, toBe: .dead)
            #expect(status.lastError == "too_large")
            #expect(try await siege.laptop.client.health().outboxDead == 1)
            #expect(try await siege.laptop.client.outbox(OutboxParameters(isFailed: true)).messages == [status])
            try await siege.isServed(from: siege.laptop, to: siege.studio)
            let again = try await siege.laptop.client.requeue(doomed)
            try await siege.laptop.waits(for: again.clientMessageID, toBe: .delivered)
            #expect(try await siege.studio.bodies(2) == ["still served", "doomed"])
        }
    }
}
