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

    @Test(
        "an end that brings more at once than may wait, as one that ends while it is held can, is cut, and none of it is kept"
    )
    func overrun() async throws {
        try await RelayBench.run { bench in
            let ends = try await bench.link(try await bench.device())
            ends.initiator.send([1])
            #expect(try await ends.device.frames(1) == [[1]])
            let sockets = bench.relay.state.withLock { Array($0.sockets.values) }
            let socket = try sockets.first { if case .link(.toDevice, _) = $0.purpose { true } else { false } }
                .orThrow("the initiator's end")
            // How much the kernel held back is the kernel's: so this is one turn that brings it all.
            for _ in 0..<5 {
                socket.webSocket(ends.initiator.connection, received: .binary(ByteBuffer(bytes: Self.frame)))
            }
            #expect(try await ends.initiator.closed() == .by(.peerSlow))
            #expect(try await ends.device.closed() == .init(code: 4406, reason: "peer_lost"))
            #expect(ends.device.frames == [[1]])
            #expect(bench.figures["kin_relay_link_ends_total{why=\"overrun\"}"] == 1)
            #expect(bench.figures["kin_relay_links"] == 0)
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
}
