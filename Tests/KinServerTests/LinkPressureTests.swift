import KinTesting
import KinWebSocket
import KinWire
import NIOCore
import Testing

@testable import KinServer

/// What a relay holds of a link whose ends are not equally fast.
@Suite struct LinkPressureTests {
    private static let frame = [UInt8](repeating: 7, count: 65_535)

    @Test(
        "an end that does not read holds back the other; the relay has no more than 256 KiB of it, and nothing is lost")
    func backPressure() async throws {
        try await RelayBench.run { bench in
            let ends = try await bench.link(try await bench.device())
            ends.device.connection.pauseReading()
            let count = 400
            for number in 0..<count {
                ends.initiator.send([UInt8(truncatingIfNeeded: number)] + Self.frame.dropFirst())
            }
            try await isStuck(ends.initiator, bench)
            #expect(ends.initiator.connection.bufferedBytes > 1 << 20)
            ends.device.connection.resumeReading()
            let frames = try await ends.device.frames(count)
            #expect(frames.count == count)
            #expect(frames.enumerated().allSatisfy { $1.first == UInt8(truncatingIfNeeded: $0) && $1.count == 65_535 })
            ends.initiator.send([1])
            #expect(try await ends.device.frames(count + 1).last == [1])
        }
    }

    @Test("both ends of a link that send without end hold a bounded part of the relay")
    func bothWays() async throws {
        try await RelayBench.run { bench in
            let ends = try await bench.link(try await bench.device())
            for _ in 0..<200 {
                ends.initiator.send(Self.frame)
                ends.device.send(Self.frame)
            }
            while ends.initiator.frames.count < 200 || ends.device.frames.count < 200 {
                #expect(bench.mostBuffered <= 262_144)
                guard ends.initiator.delegate.heard.value.closures.isEmpty else { break }
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(try await ends.initiator.frames(200).count == 200)
            #expect(try await ends.device.frames(200).count == 200)
        }
    }

    @Test("an end that takes nothing for too long is cut as slow, and the other hears why")
    func slow() async throws {
        try await RelayBench.run({ $0.slowReaderMilliseconds = 300 }) { bench in
            let device = try await bench.device()
            let initiator = try await bench.connect(RelayBench.linkPath())
            let session = try await device.sessions(after: 0)[0]
            let stuck = try await RawPeer.connect(to: bench.port, isReading: false)
            stuck.send(RawPeer.handshake(for: "/link?session=\(session)"))
            for _ in 0..<400 { initiator.send(Self.frame) }
            #expect(try await initiator.closed() == .init(code: 4407, reason: "peer_slow"))
            #expect(bench.figures["kin_relay_link_ends_total{why=\"peer_slow\"}"] == 1)
            #expect(bench.figures["kin_relay_links"] == 0)
            await stuck.close()
        }
    }

    @Test("an end that sends much and is gone, while the other takes nothing, does not make the relay keep it")
    func overrun() async throws {
        try await RelayBench.run { bench in
            let device = try await bench.device()
            let sender = try await RawPeer.connect(to: bench.port)
            try await sender.upgrade(RelayBench.linkPath())
            let session = try await device.sessions(after: 0)[0]
            let other = try await bench.connect("/link?session=\(session)")
            other.connection.pauseReading()
            let frame = RawPeer.largeFrame(0x82, Self.frame)
            while bench.mostBuffered <= 131_072 {
                sender.send(frame)
                try await Task.sleep(for: .milliseconds(1))
            }
            // Held now: these wait in the kernel, and are read all at once when the peer is gone.
            for _ in 0..<8 { sender.send(frame) }
            try await isHeld(bench)
            await sender.close()
            while bench.figures["kin_relay_links"] != 0 {
                #expect(bench.mostBuffered <= 262_144)
                try await Task.sleep(for: .milliseconds(2))
            }
            other.connection.resumeReading()
            #expect(try await other.closed() == .init(code: 4406, reason: "peer_lost"))
            #expect(bench.figures["kin_relay_link_ends_total{why=\"overrun\"}"] == 1)
            let whole = other.frames.allSatisfy { $0 == Self.frame }
            #expect(whole, "what arrived is what was sent, up to where it was cut")
        }
    }

    /// Nothing moves any more.
    private func isStuck(_ sender: RelayBench.End, _ bench: RelayBench) async throws {
        var (last, calm) = (0, 0)
        while calm < 20 {
            try await Task.sleep(for: .milliseconds(10))
            #expect(bench.mostBuffered <= 262_144)
            let now = sender.connection.bufferedBytes
            calm = now == last ? calm + 1 : 0
            last = now
        }
    }

    private func isHeld(_ bench: RelayBench) async throws {
        var (last, calm) = (0, 0)
        while calm < 20 {
            try await Task.sleep(for: .milliseconds(10))
            let now = bench.mostBuffered
            calm = now == last && now > 0 ? calm + 1 : 0
            last = now
        }
    }
}
