import KinTesting
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import KinWebSocket

@Suite("Frames written")
struct FrameTests {
    @Test(
        "a frame of any length is read back by NIO's decoder",
        arguments: [0, 1, 7, 8, 9, 125, 126, 127, 65_535, 65_536, 100_003]
    )
    func roundTrip(length: Int) throws {
        var random = SeededGenerator(seed: UInt64(length))
        let payload = ByteBuffer(bytes: random.bytes(length))
        for mask in [nil, 0xA1B2_C3D4] as [UInt32?] {
            var bytes = ByteBuffer()
            bytes.writeWebSocketFrame(.binary, payload, mask: mask)
            let size = ByteBuffer.webSocketHeaderSize(payload: length, isMasked: mask != nil) + length
            #expect(bytes.readableBytes == size)
            let frame = try #require(try decode(bytes))
            #expect(frame.fin && frame.opcode == .binary)
            #expect((frame.maskKey != nil) == (mask != nil))
            #expect(frame.unmaskedData == payload)
        }
    }

    @Test("a masked frame is what RFC 6455 section 5.7 shows")
    func masking() throws {
        var bytes = ByteBuffer()
        bytes.writeWebSocketFrame(.text("Hello"), mask: 0x37FA_213D)
        let published: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(Array(bytes.readableBytesView) == published)
    }

    @Test("of every length, wherever it stands, each byte is masked by the one of four that is its turn")
    func maskingLengths() {
        var random = SeededGenerator(seed: 1)
        let mask: [UInt8] = [1, 2, 3, 4]
        for length in Array(0...130) + [65_535] {
            let original = random.bytes(length)
            var masked = ByteBuffer(bytes: random.bytes(length % 7))
            let before = masked.readableBytes
            masked.writeImmutableBuffer(ByteBuffer(bytes: original), webSocketMask: 0x0102_0304)
            let bytes = masked.readableBytesView.dropFirst(before)
            #expect(bytes.elementsEqual(original.indices.map { original[$0] ^ mask[$0 % 4] }), "\(length) bytes")
        }
    }

    @Test("a close reason too long for its frame is cut between characters")
    func longReason() throws {
        var bytes = ByteBuffer()
        bytes.writeWebSocketClose(code: 1000, reason: String(repeating: "é", count: 100), mask: nil)
        let frame = try #require(try decode(bytes))
        #expect(frame.farewell.code == 1000)
        #expect(frame.farewell.reason == String(repeating: "é", count: 61))
    }

    private func decode(_ bytes: ByteBuffer) throws -> WebSocketFrame? {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 20)))
        try channel.writeInbound(bytes)
        return try channel.readInbound()
    }
}
