import KinDaemonAPI
import KinEncoding
import KinTesting
import KinWire
import Testing

/// A broker says every wrong shape of every message to a daemon whose session is ready.
@Suite struct HostileFrameTests {
    @Test(
        "each wrong shape of each message is counted and passed over; the session goes on, and nothing false is stored")
    func everyShape() async throws {
        try await Siege.lay { siege in
            let laptop = siege.laptop
            var counts: [String: Int64] = [:]
            for vector in try Vector.list("kindred/frames.json", "valid") {
                let shapes = try WrongShapes(of: vector.hex("frame_hex")).frames
                siege.broker.tell(laptop.version.member, shapes.map(\.bytes))
                for shape in shapes { counts[Self.name(of: shape.bytes), default: 0] += 1 }
            }
            try await siege.expect(laptop, counts)
            #expect(try await laptop.inbox() == [])
            #expect(try await laptop.client.health().outboxPending == 0)
            try await siege.isServed(from: laptop, to: siege.studio)
            try await siege.isServed(from: siege.studio, to: laptop)
            let readies = siege.passed.value.filter { $0.frame.message.type == "ready" }
            #expect(readies.count == 2, "no session was lost")
        }
    }

    /// What a frame that cannot be read counts as.
    private static func name(of bytes: [UInt8]) -> String {
        do throws(WireError) {
            return try "readable: \(ReceivedFrame(bytes).message.type)"
        } catch {
            return error.code == "unknown_message_type" ? "frame_unknown" : "frame_invalid"
        }
    }
}
