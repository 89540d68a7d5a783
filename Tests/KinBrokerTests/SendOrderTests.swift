import KinBroker
import KinEncoding
import KinTesting
import KinWire
import Testing

@Suite struct SendOrderTests {
    let bench: BrokerBench
    let sender: TestDaemon
    let absent: TestDevice

    init() async throws {
        bench = try BrokerBench()
        sender = try await bench.join()
        absent = try await bench.device()
    }

    private func introduce() async throws {
        sender.receive(.memberPut(MemberPut(chain: absent.chain)))
        try await sender.settle()
    }

    @Test("after a retryable refusal everything later there is out of order until it comes again")
    func goBack() async throws {
        sender.receive(try (1...3).map { try sender.send("m\($0)", to: absent.member, seq: Int64($0)) })
        #expect(try await sender.nack(of: "m1").code == "unknown_member")
        for id in ["m2", "m3"] {
            let nack = try await sender.nack(of: id)
            #expect(nack.code == "out_of_order" && nack.retryable)
        }
        try await introduce()
        sender.receive([try sender.send("m2", to: absent.member, seq: 2)])
        #expect(try await sender.nack(of: "m2").code == "out_of_order")
        sender.receive(try (1...3).map { try sender.send("m\($0)", to: absent.member, seq: Int64($0)) })
        for id in ["m1", "m2", "m3"] { _ = try await sender.ack(of: id) }
        #expect(try await bench.join(absent).pushes(3).map(\.id) == ["m1", "m2", "m3"])
    }

    @Test("other recipients and priorities are not held up")
    func lanes() async throws {
        let other = try await bench.join()
        sender.receive([
            try sender.send("a", to: absent.member, seq: 1),
            try sender.send("b", to: other.member, seq: 2),
            try sender.send("c", to: other.member, seq: 1, priority: .now),
            try sender.send("d", to: absent.member, seq: 2, priority: .low),
        ])
        #expect(try await sender.nack(of: "a").code == "unknown_member")
        _ = try await sender.ack(of: "b")
        _ = try await sender.ack(of: "c")
        #expect(try await sender.nack(of: "d").code == "unknown_member")
    }

    @Test("a number that does not rise is out of order, and comes through when it is sent again")
    func notRising() async throws {
        let other = try await bench.join()
        sender.receive([try sender.send("five", to: other.member, seq: 5)])
        _ = try await sender.ack(of: "five")
        sender.receive([try sender.send("three", to: other.member, seq: 3)])
        #expect(try await sender.nack(of: "three").code == "out_of_order")
        sender.receive([
            try sender.send("three", to: other.member, seq: 3), try sender.send("six", to: other.member, seq: 6),
        ])
        _ = try await sender.ack(of: "three")
        _ = try await sender.ack(of: "six")
    }

    @Test("a new session begins anew: what is unresolved comes in order, whatever the last session had taken")
    func newSession() async throws {
        let other = try await bench.join()
        sender.receive([try sender.send("five", to: other.member, seq: 5)])
        _ = try await sender.ack(of: "five")
        let again = try await bench.join(sender.device)
        again.receive([
            try again.send("three", to: other.member, seq: 3), try again.send("six", to: other.member, seq: 6),
        ])
        _ = try await again.ack(of: "three")
        _ = try await again.ack(of: "six")
    }

    @Test("a refusal told late does not hold up what was sent again meanwhile")
    func lateRefusal() async throws {
        sender.receive([try sender.send("m1", to: absent.member, seq: 1)])
        #expect(try await sender.nack(of: "m1").code == "unknown_member")
        try await introduce()
        // While the writer is busy, m2 waits in one batch and the repetition of both in the next: one transaction.
        let leave = try bench.holdStore()
        sender.receive([try sender.send("m2", to: absent.member, seq: 2)])
        sender.receive([
            try sender.send("m1", to: absent.member, seq: 1), try sender.send("m2", to: absent.member, seq: 2),
        ])
        leave.open()
        #expect(try await sender.nack(of: "m2").code == "out_of_order")
        _ = try await sender.ack(of: "m1")
        _ = try await sender.ack(of: "m2")
        sender.receive([try sender.send("m3", to: absent.member, seq: 3)])
        _ = try await sender.ack(of: "m3")
    }
}
