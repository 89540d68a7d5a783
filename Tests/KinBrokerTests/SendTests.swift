import KinBroker
import KinEncoding
import KinTesting
import KinWire
import Testing

/// The acceptance table of docs/protocol/mesh.md, over a session.
@Suite struct SendTests {
    let bench: BrokerBench
    let sender: TestDaemon
    let recipient: TestDaemon

    init() async throws {
        bench = try BrokerBench()
        sender = try await bench.join()
        recipient = try await bench.join()
    }

    @Test("a send is acknowledged and pushed, its body untouched")
    func send() async throws {
        let body = [UInt8](0...255)
        sender.receive([try sender.send("m", to: recipient.member, seq: 7, priority: .now, body: body)])
        let ack = try await sender.ack(of: "m")
        #expect(!ack.duplicate && ack.firstSeenAt == nil && ack.historyID == ack.brokerMessageID)
        let push = try await recipient.push()
        #expect(push.body == body)
        #expect(
            push.push
                == Push(
                    brokerMessageID: ack.brokerMessageID, clientMessageID: ack.clientMessageID, sender: sender.member,
                    line: [1, 2, 3, 4, 5, 6, 7, 8], seq: 7, destination: .dm(recipient.member), priority: .now,
                    sentAt: bench.clock.now))
    }

    @Test("a member may write to itself, and has the ack before the push")
    func toOneself() async throws {
        sender.receive([try sender.send("m", to: sender.member)])
        _ = try await sender.sink.take("push") { $0.message.type == "push" ? true : nil }
        let answers = sender.sink.messages.map(\.type).filter { $0 != "member_joined" }
        #expect(answers.contains("ack"), "\(answers)")
    }

    @Test("the sends of one burst are answered each, in order")
    func burst() async throws {
        let frames = try (1...300).map { try sender.send("m\($0)", to: recipient.member, seq: Int64($0)) }
        sender.receive(frames)
        var ids: [Int64] = []
        for index in 1...300 { ids.append(try await sender.ack(of: "m\(index)").brokerMessageID) }
        #expect(ids == ids.sorted() && Set(ids).count == 300)
        let pushes = try await recipient.pushes(256)
        #expect(pushes.map(\.push.seq) == (1...256).map { Int64($0) })
    }

    // MARK: Known ids

    @Test("a known id is a duplicate, whatever its seq, and is not pushed again")
    func duplicate() async throws {
        sender.receive([try sender.send("m", to: recipient.member, seq: 5)])
        let first = try await sender.ack(of: "m")
        let sentAt = bench.clock.now
        bench.clock.advance(by: 1000)
        for seq in [5, 1, 9] as [Int64] {
            sender.receive([try sender.send("m", to: recipient.member, seq: seq)])
            let again = try await sender.ack(of: "m")
            #expect(again.duplicate && again.brokerMessageID == first.brokerMessageID && again.firstSeenAt == sentAt)
        }
        sender.receive([try sender.send("next", to: recipient.member, seq: 6)])
        #expect(try await recipient.pushes(2).map(\.id) == ["m", "next"])
    }

    @Test("a known id with another request is refused for good, with the stored fingerprint's beginning")
    func reused() async throws {
        sender.receive([try sender.send("m", to: recipient.member, fingerprint: 3)])
        _ = try await sender.ack(of: "m")
        sender.receive([try sender.send("m", to: recipient.member, seq: 2, fingerprint: 4)])
        let nack = try await sender.nack(of: "m")
        #expect(nack.code == "idempotency_key_reused" && !nack.retryable)
        #expect(nack.storedFingerprint == [UInt8](repeating: 3, count: 8))
        sender.receive([try sender.send("next", to: recipient.member, seq: 3)])
        _ = try await sender.ack(of: "next")
    }

    @Test("ids are still known in a later session and after a restart")
    func knownLater() async throws {
        sender.receive([try sender.send("m", to: recipient.member)])
        let first = try await sender.ack(of: "m")
        sender.session.closed()
        let again = try await bench.join(sender.device)
        again.receive([try again.send("m", to: recipient.member)])
        #expect(try await again.ack(of: "m").duplicate)
        let later = try bench.restarted()
        let restarted = try await later.join(sender.device)
        restarted.receive([try restarted.send("m", to: recipient.member)])
        let ack = try await restarted.ack(of: "m")
        #expect(ack.duplicate && ack.brokerMessageID == first.brokerMessageID)
    }

    // MARK: Refusals

    @Test("a recipient that is not known is put, then the send is taken")
    func unknownMember() async throws {
        let absent = try await bench.device()
        sender.receive([try sender.send("m", to: absent.member)])
        let nack = try await sender.nack(of: "m")
        #expect(nack.code == "unknown_member" && nack.retryable)
        sender.receive([
            MeshFrame.memberPut(MemberPut(chain: absent.chain)).encoded(), try sender.send("m", to: absent.member),
        ])
        #expect(try await sender.ack(of: "m").duplicate == false)
        #expect(try await bench.join(absent).push().id == "m")
    }

    @Test("a send that has expired is refused for good", arguments: [-1, 0] as [Int64])
    func expired(left: Int64) async throws {
        sender.receive([try sender.send("m", to: recipient.member, expiresAt: bench.clock.now + left)])
        let nack = try await sender.nack(of: "m")
        #expect(nack.code == "expired" && !nack.retryable)
    }

    @Test("a body of 65,536 bytes is taken, one more is too large")
    func tooLarge() async throws {
        let body = [UInt8](repeating: 7, count: 65_536)
        sender.receive([
            try sender.send("m", to: recipient.member, body: body),
            try sender.send("n", to: recipient.member, seq: 2, body: body + [7]),
        ])
        _ = try await sender.ack(of: "m")
        let nack = try await sender.nack(of: "n")
        #expect(nack.code == "too_large" && !nack.retryable)
        #expect(try await recipient.push().body == body)
    }

    @Test("what was refused for good holds nothing up")
    func refusedForGood() async throws {
        sender.receive([
            try sender.send("a", to: recipient.member, seq: 1),
            try sender.send("b", to: recipient.member, seq: 2, expiresAt: 1),
            try sender.send("c", to: recipient.member, seq: 3),
        ])
        _ = try await sender.ack(of: "a")
        _ = try await sender.nack(of: "b")
        _ = try await sender.ack(of: "c")
        #expect(try await recipient.pushes(2).map(\.id) == ["a", "c"])
    }
}
