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
            var count: Int64 = 0
            for vector in try Vector.list("kindred/frames.json", "valid") {
                let shapes = try WrongShapes(of: vector.hex("frame_hex")).frames
                siege.broker.tell(laptop.version.member, shapes.map(\.bytes))
                count += Int64(shapes.count)
            }
            try await siege.expect(laptop, ["frame_invalid": count])
            #expect(try await laptop.inbox() == [])
            #expect(try await laptop.client.health().outboxPending == 0)
            try await siege.isServed(from: laptop, to: siege.studio)
            try await siege.isServed(from: siege.studio, to: laptop)
            let readies = siege.passed.value.filter { $0.frame.message.type == "ready" }
            #expect(readies.count == 2, "no session was lost")
        }
    }
}
