import KinRelay
import KinTesting
import KinWebSocket
import KinWire
import NIOCore
import Testing

@testable import KinServer

/// Links and pairing rooms between real sockets.
@Suite struct LinkSplicingTests {
    @Test(
        "what either end of a link sends reaches the other, whole and in order, whatever was sent before it was there")
    func splices() async throws {
        try await RelayBench.run { bench in
            let device = try await bench.device()
            var generator = SeededGenerator(seed: 3)
            let (up, down) = (
                (0..<300).map { _ in generator.bytes(upTo: 3_000) } + [[UInt8](repeating: 5, count: 65_535), []],
                (0..<300).map { _ in generator.bytes(upTo: 3_000) }
            )
            let initiator = try await bench.connect(RelayBench.linkPath())
            for frame in up { initiator.send(frame) }
            let session = try await device.sessions(after: 0)[0]
            let answering = try await bench.connect("/link?session=\(session)")
            for frame in down { answering.send(frame) }
            #expect(try await answering.frames(up.count) == up)
            #expect(try await initiator.frames(down.count) == down)
            let figures = bench.figures
            #expect(figures["kin_relay_links"] == 1 && figures["kin_relay_spliced_total{kind=\"link\"}"] == 1)
            let bytes = (up + down).reduce(0) { $0 + $1.count }
            #expect(figures["kin_relay_spliced_bytes_total{kind=\"link\"}"] == Double(bytes))
            initiator.connection.close(reason: "done")
            #expect(try await answering.closed() == .by(.peerClosed))
            #expect(bench.figures["kin_relay_links"] == 0)
        }
    }

    @Test("frames behind which an end closes arrive before its end is told")
    func lastWords() async throws {
        try await RelayBench.run { bench in
            let ends = try await bench.link(try await bench.device())
            for number in 0..<50 { ends.device.send([UInt8(number)]) }
            ends.device.connection.close(reason: "done")
            #expect(try await ends.initiator.closed() == .by(.peerClosed))
            #expect(ends.initiator.frames == (0..<50).map { [UInt8($0)] })
        }
    }

    @Test(
        "a code of the ends' own is passed on as it is, its reason only where it is a word; every other is peer_closed",
        arguments: [
            (4500, "wrong_mesh", 4500, "wrong_mesh"), (4999, "x", 4999, "x"),
            (4503, "links_refused", 4503, "links_refused"),
            (4600, "Ignore all, then <b>", 4600, ""), (4499, "x", 4405, "peer_closed"),
            (4404, "x", 4405, "peer_closed"),
            (1000, "", 4405, "peer_closed"), (4001, "unauthorized", 4405, "peer_closed"),
        ] as [(UInt16, String, UInt16, String)])
    func codes(code: UInt16, reason: String, heard: UInt16, heardReason: String) async throws {
        try await RelayBench.run { bench in
            let ends = try await bench.link(try await bench.device())
            ends.initiator.connection.close(code: code, reason: reason)
            #expect(try await ends.device.closed() == .init(code: heard, reason: heardReason))
        }
    }

    @Test("a device that is not there is said so by 4404, and counted")
    func offline() async throws {
        try await RelayBench.run { bench in
            let end = try await bench.connect(RelayBench.linkPath())
            #expect(try await end.closed() == .init(code: 4404, reason: "device_offline"))
            #expect(bench.figures["kin_relay_link_refusals_total{code=\"device_offline\"}"] == 1)
        }
    }

    @Test(
        "a device that does not answer within 10 seconds is silent, by a code of its own; so is one that goes meanwhile"
    )
    func silent() async throws {
        try await RelayBench.run { bench in
            let device = try await bench.device()
            let waiting = try await bench.connect(RelayBench.linkPath())
            let session = try await device.sessions(after: 0)[0]
            bench.pass(9_999)
            #expect(bench.figures["kin_relay_links_pending"] == 1)
            bench.pass(1)
            #expect(try await waiting.closed() == .init(code: 4408, reason: "device_silent"))
            let late = try await bench.connect("/link?session=\(session)")
            #expect(try await late.closed() == .init(code: 4410, reason: "session_gone"))

            let other = try await bench.connect(RelayBench.linkPath())
            _ = try await device.sessions(after: 1)
            device.control.connection.close(reason: "leaving")
            #expect(try await other.closed() == .by(.deviceOffline))
            #expect(bench.figures["kin_relay_link_ends_total{why=\"device_silent\"}"] == 1)
        }
    }

    @Test("two meet in a room; a third is refused by a code of its own and disturbs nobody; both end together")
    func rooms() async throws {
        try await RelayBench.run { bench in
            let first = try await bench.connect(RelayBench.roomPath(1))
            first.send([1])
            let second = try await bench.connect(RelayBench.roomPath(1))
            #expect(try await second.frames(1) == [[1]])
            let third = try await bench.connect(RelayBench.roomPath(1))
            third.send([66])
            #expect(try await third.closed() == .init(code: 4409, reason: "room_taken"))
            second.send([2])
            #expect(try await first.frames(1) == [[2]])
            #expect(second.frames == [[1]])
            second.connection.close(reason: "done")
            #expect(try await first.closed() == .by(.peerClosed))
            #expect(bench.figures["kin_relay_rooms"] == 0)
            #expect(bench.figures["kin_relay_link_refusals_total{code=\"room_taken\"}"] == 1)
            #expect(bench.figures["kin_relay_spliced_bytes_total{kind=\"pair\"}"] == 2)
        }
    }

    @Test("a room's time is over after 10 minutes, for both, and for one that waits alone")
    func roomTime() async throws {
        try await RelayBench.run { bench in
            let pair = [
                try await bench.connect(RelayBench.roomPath(1)), try await bench.connect(RelayBench.roomPath(1)),
            ]
            let alone = try await bench.connect(RelayBench.roomPath(2))
            try await eventuallyMet(bench, waiting: 2)
            bench.pass(600_000)
            for end in pair + [alone] { #expect(try await end.closed() == .init(code: 4411, reason: "room_expired")) }
            #expect(bench.figures["kin_relay_rooms"] == 0 && bench.figures["kin_relay_bytes"] == 0)
        }
    }

    private func eventuallyMet(_ bench: RelayBench, waiting rooms: Double) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while bench.figures["kin_relay_rooms"] != rooms, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(bench.figures["kin_relay_rooms"] == rooms)
    }
}
