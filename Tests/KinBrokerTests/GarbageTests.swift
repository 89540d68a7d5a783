import KinBroker
import KinEncoding
import KinTesting
import KinWire
import Testing

/// What a ready session makes of what it cannot use.
@Suite struct GarbageTests {
    let bench: BrokerBench
    let daemon: TestDaemon

    init() async throws {
        bench = try BrokerBench()
        daemon = try await bench.join()
    }

    @Test("a frame of any wrong shape is answered with its error, and the session goes on")
    func wrongShapes() async throws {
        for vector in try Vector.list("kindred/frames.json", "invalid") {
            daemon.receive([try vector.hex("frame_hex")])
            let error = try await daemon.error()
            #expect(error.code == (try vector.text("error")), "\(vector)")
        }
        try await daemon.settle()
        #expect(daemon.sink.closures == [] && daemon.sink.unreadable == [])
    }

    @Test("a message that no daemon sends is answered with its type, and the session goes on")
    func wrongDirection() async throws {
        let taken: Set<String> = [
            "send", "client_ack", "member_put", "revocations", "revocations_get", "succession", "settings", "error",
            "history", "topic_create", "topic_join", "topic_leave", "topic_set", "topic_rekey", "topic_members_get",
        ]
        for vector in try Vector.list("kindred/frames.json", "valid") {
            let type = try vector.text("type")
            if taken.contains(type) { continue }
            daemon.receive([try vector.hex("frame_hex")])
            let error = try await daemon.error()
            #expect(error.code == "invalid_message" && error.ref == type, "\(vector)")
        }
        try await daemon.settle()
        #expect(daemon.sink.closures == [])
    }

    @Test("no field name, however long or strange, makes an answer that cannot be read")
    func longNames() async throws {
        let marks = String(repeating: "\u{301}", count: 7_000)
        for name in [
            "a" + marks, String(repeating: "😀", count: 3_000), "\u{0}" + String(repeating: "\u{1}", count: 2_000),
        ] {
            let header = JSON.object([name: .null, "type": .string("members_end"), "version": .integer(1)])
            daemon.receive([Frame.encode(header: header.canonicalBytes(), body: [])])
            let error = try await daemon.error()
            #expect(error.code == "invalid_message")
            #expect(error.message.utf8.count <= 512)
        }
        #expect(daemon.sink.unreadable == [])
    }

    @Test("an error from the daemon is not answered: no two sides go on complaining")
    func errors() async throws {
        daemon.receive(.error(ErrorFrame(code: "whatever", message: "")))
        try await daemon.settle()
        #expect(!daemon.sink.messages.contains { $0.type == "error" })
    }

    @Test("acknowledging what was never pushed does no harm")
    func strayAcks() async throws {
        for result in ClientAck.Result.allCases {
            daemon.receive(.clientAck(ClientAck(results: [.init(brokerMessageID: 1 << 53 - 1, result: result)])))
        }
        daemon.receive([try daemon.send("m", to: daemon.member)])
        #expect(try await daemon.push().id == "m")
    }

    @Test("a storm of damaged frames is survived, and what is sound in it is served")
    func storm() async throws {
        var mutation = Mutation(seed: 21, alphabet: #"{}[],:"0123456789abcdef"#)
        let sound = try daemon.send("storm", to: daemon.member)
        for _ in 0..<1_000 { daemon.receive([mutation.damage(sound)]) }
        daemon.receive([sound])
        daemon.receive([try daemon.send("after", to: daemon.member, seq: 1, priority: .now)])
        _ = try await daemon.answer(to: "after")
        #expect(daemon.sink.closures == [] && daemon.sink.unreadable == [])
    }
}
