import KinEncoding
import KinRelay
import KinTestServer
import KinTesting
import KinWebSocket
import KinWire
import NIOCore
import Testing

@testable import KinServer

/// Peers that misuse links and rooms. A link beside them goes on.
@Suite struct HostileLinkTests {
    /// A relay with a link whose ends must still be spliced when `body` is done.
    private func besieged(
        _ change: (inout RelayLimits) -> Void = { _ in },
        _ body: @escaping @Sendable (RelayBench, RelayBench.Device) async throws -> Void
    ) async throws {
        try await RelayBench.run(change) { bench in
            let device = try await bench.device()
            let witness = try await bench.link(device)
            try await body(bench, device)
            witness.initiator.send([1, 2])
            witness.device.send([3])
            #expect(try await witness.device.frames(1) == [[1, 2]])
            #expect(try await witness.initiator.frames(1) == [[3]])
            #expect(witness.initiator.delegate.heard.value.closures.isEmpty)
        }
    }

    /// Bytes of one end, what it is closed with, and what the other one hears.
    struct Misuse: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var heard = LinkClose.peerLost
    }

    private static let mask: [UInt8] = [0, 0, 0, 0]

    static let misuses: [Misuse] = [
        Misuse(testDescription: "text", bytes: RawPeer.frame(0x81, Array("hi".utf8))),
        Misuse(
            testDescription: "a frame said to be of 2^40 bytes", bytes: [0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0] + mask),
        Misuse(
            testDescription: "a frame one byte over the limit",
            bytes: [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0] + mask + [UInt8](repeating: 1, count: 65_536)),
        Misuse(
            testDescription: "fragments that grow over the limit",
            bytes: RawPeer.frame(0x02, [UInt8](repeating: 1, count: 125))
                + (0..<600).flatMap { _ in RawPeer.frame(0x00, [UInt8](repeating: 1, count: 125)) }),
        Misuse(testDescription: "a frame that is not masked", bytes: [0x82, 0x01, 0x01]),
        Misuse(testDescription: "an opcode nobody knows", bytes: RawPeer.frame(0x83, [1])),
        Misuse(testDescription: "a continuation of nothing", bytes: RawPeer.frame(0x80, [1])),
        Misuse(testDescription: "a close code that may not be sent", bytes: RawPeer.frame(0x88, [0x03, 0xee])),
        Misuse(
            testDescription: "a goodbye without a code", bytes: RawPeer.frame(0x88, []), heard: .peerClosed),
    ]

    @Test("whoever misuses an end loses its own link, the other end hears so, and nobody else does", arguments: misuses)
    func misused(_ misuse: Misuse) async throws {
        try await besieged { bench, device in
            let before = device.sessions.count
            let peer = try await RawPeer.connect(to: bench.port)
            try await peer.upgrade(RelayBench.linkPath())
            let other = try await bench.connect("/link?session=\(try await device.sessions(after: before)[before])")
            peer.send(misuse.bytes)
            try await peer.heard.wait { !$0.bytes.readableBytesView.isEmpty || $0.isEnded }
            await peer.close()
            #expect(try await other.closed() == .by(misuse.heard))
            #expect(other.frames == [])
        }
    }

    @Test("an end that is cut in the middle of a frame gives the other none of it")
    func truncated() async throws {
        try await besieged { bench, device in
            let before = device.sessions.count
            let peer = try await RawPeer.connect(to: bench.port)
            try await peer.upgrade(RelayBench.linkPath())
            let other = try await bench.connect("/link?session=\(try await device.sessions(after: before)[before])")
            peer.send(RawPeer.frame(0x82, [1]) + [0x82, 0xfe, 0xff, 0xff] + Self.mask + [1, 2, 3])
            #expect(try await other.frames(1) == [[1]])
            await peer.close()
            #expect(try await other.closed() == .by(.peerLost))
            #expect(other.frames == [[1]])
        }
    }

    @Test("sessions that were guessed, used, or of another link reach nobody")
    func sessions() async throws {
        try await besieged { bench, device in
            let used = device.sessions[0]
            let guesses = [used, String(repeating: "0", count: 32), String(used.reversed())]
            for guess in guesses {
                let thief = try await bench.connect("/link?session=\(guess)")
                thief.send([66])
                #expect(try await thief.closed() == .by(.sessionGone))
            }
            #expect(bench.figures["kin_relay_link_refusals_total{code=\"session_gone\"}"] == 3)
            #expect(bench.figures["kin_relay_links"] == 1)
        }
    }

    @Test(
        "what is no link and no room is refused before there is a socket",
        arguments: [
            "/link", "/link?session=", "/link?session=zz", "/link?owner_id=x&machine_id=0000000000000001",
            "/link?session=\(String(repeating: "0", count: 32))&machine_id=0000000000000001", "/pair", "/pair?room=",
            "/pair?room=\(String(repeating: "A", count: 64))", "/pair?room=\(String(repeating: "a", count: 63))",
        ])
    func malformed(path: String) async throws {
        try await besieged { bench, _ in
            let error = await #expect(throws: WebSocketError.self) { _ = try await bench.connect(path) }
            #expect(error?.refusal?.status == 400)
        }
    }

    @Test("a device that does not answer has 128 links wait for it, no more, and is free again when their time is over")
    func flood() async throws {
        try await besieged { bench, _ in
            var ends: [RelayBench.End] = []
            for _ in 0..<127 { ends.append(try await bench.connect(RelayBench.linkPath())) }
            let one = try await bench.connect(RelayBench.linkPath())
            #expect(try await one.closed() == .init(code: 4429, reason: "too_many_links"))
            bench.pass(10_000)
            for end in ends { #expect(try await end.closed() == .by(.deviceSilent)) }
            #expect(bench.figures["kin_relay_links_pending"] == 0 && bench.figures["kin_relay_links"] == 1)
        }
    }

    @Test("squatted rooms are bounded: who comes when all are taken is told to come later, by 503")
    func squatted() async throws {
        try await besieged({ $0.rooms = 8 }) { bench, _ in
            for room in 0..<8 { _ = try await bench.connect(RelayBench.roomPath(room)) }
            let error = await #expect(throws: WebSocketError.self) {
                _ = try await bench.connect(RelayBench.roomPath(9))
            }
            #expect(error?.refusal?.status == 503)
            #expect(error?.refusal?.body.contains("rooms_full") == true)
            #expect(bench.figures["kin_relay_link_refusals_total{code=\"rooms_full\"}"] == 1)
            bench.pass(600_000)
            _ = try await bench.connect(RelayBench.roomPath(9))
        }
    }

    @Test("above the memory cap links and rooms are refused by 503, and devices still register")
    func memory() async throws {
        try await besieged({ $0.memoryBytes = 3_300_000 }) { bench, _ in
            for _ in 0..<2 { _ = try await bench.connect(RelayBench.linkPath()) }
            for path in [RelayBench.linkPath(), RelayBench.roomPath(1)] {
                let error = await #expect(throws: WebSocketError.self) { _ = try await bench.connect(path) }
                #expect(error?.refusal?.status == 503)
                #expect(error?.refusal?.body.contains("relay_full") == true)
            }
            _ = try await bench.device(2)
            #expect(bench.figures["kin_relay_bytes"].map { $0 <= 3_300_000 } == true)
        }
    }

    @Test("sockets that say nothing, pings, empty frames and halves of frames leave a link as it is")
    func floods() async throws {
        try await besieged { bench, device in
            let pings = (0..<400).flatMap { _ in RawPeer.frame(0x89, [UInt8](repeating: 7, count: 125)) }
            let empty = (0..<4_000).flatMap { _ in RawPeer.frame(0x82, []) }
            let half: [UInt8] = [0x82, 0xfe, 0xff, 0xff] + Self.mask + [1, 2, 3]
            var peers: [RawPeer] = []
            for turn in 0..<10 {
                for (kind, bytes) in [pings, empty, half, [0x82], []].enumerated() {
                    let isRoom = (turn + kind).isMultiple(of: 2)
                    let peer = try await RawPeer.connect(to: bench.port)
                    try await peer.upgrade(isRoom ? RelayBench.roomPath(turn) : RelayBench.linkPath())
                    peer.send(bytes)
                    peers.append(peer)
                }
            }
            for peer in peers { await peer.close() }
            try await eventually("all of them are gone") { bench.figures["kin_relay_rooms"] == 0 }
            try await eventually("none waits") { bench.figures["kin_relay_links_pending"] == 0 }
            #expect(bench.relay.state.withLock { $0.sockets.count } == 2)
        }
    }
}
