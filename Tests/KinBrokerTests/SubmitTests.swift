import KinCrypto
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinBroker

/// Sends from outside a session.
@Suite struct SubmitTests {
    private let bench: BrokerBench

    init() throws { bench = try BrokerBench() }

    private func member(_ device: TestDevice) -> MeshMember { MeshMember(mesh: device.mesh, member: device.member) }

    private func submission(_ id: String, to recipient: ULID, seq: Int64 = 1) throws -> Submission {
        Submission(
            send: Send(
                clientMessageID: try ClientMessageID(id).orThrow("an id"),
                requestFingerprint: [UInt8](repeating: 1, count: 32), line: [UInt8](repeating: 2, count: 8), seq: seq,
                destination: .dm(recipient), priority: .next), body: [9])
    }

    @Test("what is submitted is pushed to its recipient at once, whatever its seq")
    func pushed() async throws {
        let (sender, recipient) = (try await bench.join(), try await bench.join())
        for (id, seq) in [("a", 5), ("b", 3)] as [(String, Int64)] {
            let taken = await bench.broker.submit(
                try submission(id, to: recipient.member, seq: seq), from: member(sender.device), permit: { nil })
            guard case .stored = taken else { throw MissingValue("a stored send; there is \(taken)") }
            let delivery = try await recipient.push()
            #expect(delivery.id == id)
            #expect(delivery.push.sender == sender.member)
        }
        let again = await bench.broker.submit(
            try submission("a", to: recipient.member), from: member(sender.device), permit: { nil })
        guard case .duplicate = again else { throw MissingValue("a duplicate; there is \(again)") }
    }

    @Test("an id taken in a session is known outside it, and the other way round")
    func shared() async throws {
        let (sender, recipient) = (try await bench.join(), try await bench.join())
        sender.receive([try sender.send("s", to: recipient.member)])
        let ack = try await sender.ack(of: "s")
        let again = await bench.broker.submit(
            try submission("s", to: recipient.member), from: member(sender.device), permit: { nil })
        #expect(again == .duplicate(id: ack.brokerMessageID, firstSeenAt: bench.clock.now))
    }

    @Test("a permit taken back inside the transaction leaves nothing behind: the same id is new later")
    func permit() async throws {
        let (sender, recipient) = (try await bench.join(), try await bench.join())
        let refusal = Refusal("api_key_revoked", retryable: false)
        let send = try submission("a", to: recipient.member)
        #expect(await bench.broker.submit(send, from: member(sender.device), permit: { refusal }) == .refused(refusal))
        guard case .stored = await bench.broker.submit(send, from: member(sender.device), permit: { nil }) else {
            throw MissingValue("a stored send")
        }
    }

    @Test("an unknown mesh, recipient or destination is refused as in a session")
    func refusals() async throws {
        let sender = try await bench.join()
        let nobody = ULID(milliseconds: 1, randomness: Random.bytes(10))
        let broker = bench.broker
        #expect(
            await broker.submit(try submission("a", to: nobody), from: member(sender.device), permit: { nil })
                == .refused(.unknownMember))
        let elsewhere = MeshMember(mesh: try TestWallet().home, member: sender.member)
        #expect(
            await broker.submit(try submission("a", to: sender.member), from: elsewhere, permit: { nil })
                == .refused(.unknownMember))
    }

    @Test("a member is found by the key in force alone, and is one as long as its chain is valid")
    func keys() async throws {
        let device = try bench.family.device(issuedBy: try await bench.family.device(), role: .guest)
        let keyID = { (device: TestDevice) in Digest.sha256(device.keys.signing.publicKey.bytes) }
        #expect(bench.broker.members(withKeyID: keyID(device)) == [])
        #expect(try await bench.broker.introduce(device.chain))
        #expect(bench.broker.members(withKeyID: keyID(device)) == [member(device)])
        #expect(bench.broker.validChain(of: member(device)) == device.chain)
        let rotated = device.rotated()
        #expect(try await !bench.broker.introduce(rotated.chain))
        #expect(bench.broker.members(withKeyID: keyID(device)) == [])
        #expect(bench.broker.members(withKeyID: keyID(rotated)) == [member(device)])
        await #expect(throws: ChainNotTaken.self) { _ = try await bench.broker.introduce(device.chain) }
        bench.clock.advance(by: 86_400_000)
        #expect(bench.broker.validChain(of: member(device)) == nil)
    }

    @Test("a member that sends too often is told how long to wait; others, and known ids, are not held up")
    func rate() async throws {
        var rate = MemberRate(limits: .init(perSecond: 10, burst: 3))
        let (one, other) = (member(try await bench.family.device()), member(try await bench.family.device()))
        for _ in 0..<3 { #expect(rate.take(one, now: 0) == nil) }
        #expect(rate.take(one, now: 0) == 100)
        #expect(rate.take(other, now: 0) == nil)
        #expect(rate.take(one, now: 99) == 1)
        #expect(rate.take(one, now: 100) == nil)
        #expect(rate.take(one, now: 100) != nil)
        for _ in 0..<3 { #expect(rate.take(one, now: 1_000_000) == nil) }
        #expect(rate.take(one, now: 1_000_000) != nil)
        #expect(rate.take(one, now: 999_000) != nil)
    }

    @Test("1,000 sends at once and no more are taken of one member")
    func flood() async throws {
        let (sender, recipient) = (try await bench.join(), try await bench.join())
        for turn in 0..<1000 {
            let taken = await bench.broker.submit(
                try submission("f-\(turn)", to: recipient.member), from: member(sender.device), permit: { nil })
            guard case .stored = taken else { throw MissingValue("number \(turn) stored; there is \(taken)") }
        }
        let refused = await bench.broker.submit(
            try submission("more", to: recipient.member), from: member(sender.device), permit: { nil })
        #expect(refused == .refused(.rateLimited(after: 10)))
        let known = await bench.broker.submit(
            try submission("f-1", to: recipient.member), from: member(sender.device), permit: { nil })
        guard case .duplicate = known else { throw MissingValue("a duplicate; there is \(known)") }
    }
}
