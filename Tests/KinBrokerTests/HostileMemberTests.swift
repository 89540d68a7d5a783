import KinBroker
import KinEncoding
import KinTesting
import KinWire
import Testing

/// A member says every wrong shape of every message; whoever else is connected is served all the while.
@Suite struct HostileMemberTests {
    let bench: BrokerBench
    let hostile: TestDaemon
    let witness: TestDaemon

    init() async throws {
        bench = try BrokerBench()
        hostile = try await bench.join()
        witness = try await bench.join()
    }

    @Test("each wrong shape of each message is answered with one error, and closes nobody's session")
    func everyShape() async throws {
        var count = 0
        for vector in try Vector.list("kindred/frames.json", "valid") {
            let shapes = try WrongShapes(of: vector.hex("frame_hex")).frames
            #expect(shapes.count > 20, "\(vector)")
            hostile.receive(shapes.map(\.bytes))
            for shape in shapes {
                let error = try await hostile.error()
                #expect(["invalid_message", "unknown_message_type"].contains(error.code), "\(vector): \(shape.name)")
            }
            try await witness.settle()
            count += shapes.count
        }
        #expect(count > 2_500)
        try await hostile.settle()
        for daemon in [hostile, witness] { #expect(daemon.sink.closures == [] && daemon.sink.unreadable == []) }
        #expect(!hostile.sink.messages.contains { $0.type == "error" }, "one answer to each, and no more")
        #expect(!witness.sink.messages.contains { $0.type == "error" })
    }

    @Test("before it is ready a connection is closed at the first wrong shape, and nobody else's is")
    func beforeReady() async throws {
        for vector in try Vector.list("kindred/frames.json", "valid") where try vector.text("type") == "hello" {
            for shape in try WrongShapes(of: vector.hex("frame_hex")).frames {
                let stranger = try await bench.connect(bench.device())
                stranger.receive([shape.bytes])
                #expect(try await stranger.sink.closure().code == .unauthorized, "\(shape.name)")
            }
        }
        try await witness.settle()
        #expect(witness.sink.closures == [] && bench.broker.connectedMembers == 2)
    }

    @Test("sound messages about others change nothing of theirs: acks, chains, revocations, settings and successions")
    func ofOthers() async throws {
        hostile.receive([try hostile.send("m", to: witness.member)])
        let push = try await witness.push()
        // Somebody else's delivery.
        hostile.acknowledge([push.push], .refused)
        // A chain of another mesh, and settings and a succession by nobody's word.
        let stranger = try await TestFamily().device()
        hostile.receive(.memberPut(MemberPut(chain: stranger.chain)))
        for vector in try Vector.list("kindred/frames.json", "valid") {
            guard ["revocations", "settings", "succession"].contains(try vector.text("type")) else { continue }
            hostile.receive([try vector.hex("frame_hex")])
        }
        try await hostile.settle()
        try await witness.settle()
        #expect(witness.sink.closures == [] && hostile.sink.closures == [])
        let told = Set(witness.sink.messages.map(\.type))
        #expect(told.isDisjoint(with: ["member_revoked", "revocations", "settings", "succession", "error"]))
        // Not acknowledged by whom it is for, it comes again.
        bench.clock.advance(by: 30_000)
        bench.broker.tick()
        #expect(try await witness.push().push == push.push)
    }
}
