import KinBroker
import KinEncoding
import KinTesting
import KinWire
import Testing

@Suite struct OpeningTests {
    @Test("challenge, hello, features, ready, members, topics")
    func order() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        #expect(daemon.challenge.nonce.count == 32 && daemon.challenge.serverTime == bench.clock.now)
        daemon.receive(daemon.hello(now: bench.clock.now))
        daemon.receive(daemon.featureRequest())
        let list = try await daemon.readList()
        #expect(list.ready.member == daemon.member && list.ready.session.count == 8)
        #expect(list.all == [daemon.member] && list.online == [daemon.member])
        #expect(daemon.sink.messages.map(\.type) == ["feature_negotiation_response", "topic", "topics_end"])
        #expect(daemon.sink.closures == [])
        #expect(bench.broker.connectedMembers == 1)
    }

    @Test("hello and features may come in one burst")
    func together() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        daemon.receive([daemon.hello(now: bench.clock.now).encoded(), daemon.featureRequest().encoded()])
        _ = try await daemon.readList()
    }

    @Test("each connection gets a challenge of its own")
    func nonces() async throws {
        let bench = try BrokerBench()
        let device = try await bench.device()
        let (first, second) = try await (bench.connect(device), bench.connect(device))
        #expect(first.challenge.nonce != second.challenge.nonce)
    }

    // MARK: Order

    @Test(
        "anything before the hello ends the connection",
        arguments: ["features", "send", "client_ack", "member_put", "challenge"])
    func tooEarly(name: String) async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        switch name {
        case "features": daemon.receive(daemon.featureRequest())
        case "send": daemon.receive([try daemon.send("m", to: daemon.member)])
        case "client_ack":
            daemon.receive(.clientAck(ClientAck(results: [.init(brokerMessageID: 1, result: .stored)])))
        case "member_put": daemon.receive(.memberPut(MemberPut(chain: daemon.device.chain)))
        default: daemon.receive(.challenge(daemon.challenge))
        }
        try await daemon.expectRefused(bench, code: "invalid_message")
    }

    @Test("a second hello ends the connection")
    func helloTwice() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        daemon.receive(daemon.hello(now: bench.clock.now))
        daemon.receive(daemon.hello(now: bench.clock.now))
        try await daemon.expectRefused(bench, code: "invalid_message")
    }

    @Test("a send between hello and features ends the connection")
    func sendBeforeFeatures() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        daemon.receive(daemon.hello(now: bench.clock.now))
        daemon.receive([try daemon.send("m", to: daemon.member)])
        try await daemon.expectRefused(bench, code: "invalid_message")
    }

    @Test(
        "garbage during the opening ends the connection",
        arguments: [[], [0], [0, 0, 0, 2, 0x7b, 0x7d], [0xff, 0xff, 0xff, 0xff, 1]] as [[UInt8]])
    func garbage(bytes: [UInt8]) async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        daemon.receive([bytes])
        try await daemon.expectRefused(bench, code: "invalid_message")
    }

    @Test("an unknown type during the opening is said as such and ends the connection")
    func unknownType() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        daemon.receive([Frame.encode(header: Array(#"{"type":"dance"}"#.utf8), body: [])])
        try await daemon.expectRefused(bench, code: "unknown_message_type")
    }

    // MARK: Time

    @Test("an opening that takes more than 10 seconds is cut", arguments: [false, true])
    func deadline(afterHello: Bool) async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.connect(bench.device())
        if afterHello { daemon.receive(daemon.hello(now: bench.clock.now)) }
        bench.clock.advance(by: 10_000)
        bench.broker.tick()
        #expect(daemon.sink.closures == [])
        bench.clock.advance(by: 1)
        bench.broker.tick()
        bench.broker.tick()
        try await daemon.expectRefused(bench, code: "unauthorized")
    }

    @Test("a session that is ready has all the time in the world")
    func noDeadline() async throws {
        let bench = try BrokerBench()
        let daemon = try await bench.join()
        bench.clock.advance(by: 86_400_000)
        bench.broker.tick()
        #expect(daemon.sink.closures == [] && daemon.sink.frames.allSatisfy { $0.message.type != "error" })
    }
}
