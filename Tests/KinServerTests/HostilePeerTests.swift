import Foundation
import KinEncoding
import KinTestServer
import KinTesting
import KinWebSocket
import KinWire
import NIOCore
import Testing

/// Peers that misuse the WebSocket itself, at a whole server. A member's session beside them goes on.
@Suite struct HostilePeerTests {
    /// A server with a member connected, who must be served when `body` is done.
    private func besieged(
        _ body: @escaping @Sendable (TestServer, TestFamily) async throws -> Void
    ) async throws {
        try await TestServer.run { server in
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            let family = try TestFamily(now: now)
            let witness = try await MeshPeer.connect(to: server.url, as: family.device(), now: now)
            try await body(server, family)
            try await witness.isServed()
            #expect(witness.delegate.heard.value.closures.isEmpty)
            witness.connection.close(reason: "done")
        }
    }

    /// The code of the close frame that is in these bytes, behind whatever frames come first.
    private static func closeCode(_ bytes: ByteBuffer) -> UInt16? {
        var bytes = bytes
        while let head = bytes.readInteger(as: UInt8.self), let length = bytes.readInteger(as: UInt8.self) {
            let count = length < 126 ? Int(length) : Int(bytes.readInteger(as: UInt16.self) ?? 0)
            guard var payload = bytes.readSlice(length: count) else { return nil }
            if head == 0x88 { return payload.readInteger(as: UInt16.self) }
        }
        return nil
    }

    /// Bytes of a peer that has upgraded, and the code it is closed with.
    struct Misuse: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: UInt16
        var bytes: [UInt8]
    }

    private static let mask: [UInt8] = [0, 0, 0, 0]

    static let misuses: [Misuse] = [
        Misuse(
            testDescription: "a frame said to be of 2^40 bytes", code: 1009,
            bytes: [0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0] + mask),
        Misuse(
            testDescription: "a frame one byte over the limit", code: 1009,
            bytes: [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x40, 1] + mask + [UInt8](repeating: 1, count: 81_921)),
        Misuse(
            testDescription: "fragments that grow over the limit", code: 1009,
            bytes: RawPeer.frame(0x02, [UInt8](repeating: 1, count: 125))
                + (0..<700).flatMap { _ in RawPeer.frame(0x00, [UInt8](repeating: 1, count: 125)) }),
        Misuse(testDescription: "text that is no UTF-8", code: 1007, bytes: RawPeer.frame(0x81, [0xff, 0xfe])),
        Misuse(
            testDescription: "text that ends in the middle of a character", code: 1007,
            bytes: RawPeer.frame(0x81, [0xf0, 0x9f, 0x98])),
        Misuse(testDescription: "a frame that is not masked", code: 1002, bytes: [0x82, 0x01, 0x01]),
        Misuse(testDescription: "an opcode nobody knows", code: 1002, bytes: RawPeer.frame(0x83, [1])),
        Misuse(testDescription: "a continuation of nothing", code: 1002, bytes: RawPeer.frame(0x80, [1])),
        Misuse(testDescription: "text where bytes belong", code: 4001, bytes: RawPeer.frame(0x81, Array("hi".utf8))),
        Misuse(testDescription: "an empty message", code: 4001, bytes: RawPeer.frame(0x82, [])),
    ]

    @Test("whoever misuses the socket is closed with the code for it, and nobody else", arguments: misuses)
    func misused(_ misuse: Misuse) async throws {
        try await besieged { server, _ in
            let peer = try await RawPeer.connect(to: server.port)
            try await peer.upgrade()
            peer.send(misuse.bytes)
            let heard = try await peer.heard.wait { Self.closeCode($0.bytes) != nil || $0.isEnded }
            #expect(Self.closeCode(heard.bytes) == misuse.code)
            await peer.close()
        }
    }

    @Test("floods of pings, of empty fragments and of half frames leave a member's session as it is")
    func floods() async throws {
        try await besieged { server, _ in
            let pings = (0..<2_000).flatMap { _ in RawPeer.frame(0x89, [UInt8](repeating: 7, count: 125)) }
            let fragments = RawPeer.frame(0x02, [1]) + (0..<20_000).flatMap { _ in RawPeer.frame(0x00, []) }
            // Declared, and never sent.
            let half: [UInt8] = [0x82, 0xfe, 0xff, 0xff] + Self.mask + [1, 2, 3]
            var peers: [RawPeer] = []
            for _ in 0..<20 {
                for bytes in [pings, fragments, half, [0x82]] {
                    let peer = try await RawPeer.connect(to: server.port)
                    try await peer.upgrade()
                    peer.send(bytes)
                    peers.append(peer)
                }
            }
            for peer in peers { await peer.close() }
        }
    }

    @Test("a member that sends text, too much, or cuts the line in the middle of a frame harms nobody but itself")
    func member() async throws {
        try await besieged { server, family in
            let now = family.now
            let text = try await MeshPeer.connect(to: server.url, as: family.device(), now: now)
            text.connection.send(.text("hello"))
            let error = try await text.take { if case .error(let it) = $0 { it } else { nil } }
            #expect(error.code == "invalid_message")
            try await text.isServed()

            let large = try await MeshPeer.connect(to: server.url, as: family.device(), now: now)
            large.connection.send(.binary(ByteBuffer(repeating: 1, count: 200_000)))
            #expect(try await large.delegate.closure()?.code == 1009)
            try await text.isServed()
            text.connection.close(reason: "done")
        }
    }
}
