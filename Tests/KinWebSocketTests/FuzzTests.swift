import KinTesting
import KinWebSocket
import NIOCore
import NIOWebSocket
import Testing

@Suite("Bytes nobody would send")
struct FuzzTests {
    @Test("1,000 rounds of random bytes and broken frames end in one closure each, and in no trap")
    func random() throws {
        for seed in 0..<1000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let role: WebSocketRole = seed % 2 == 0 ? .server : .client
            let bench = try PipelineBench(role, limits: .init(maxMessageBytes: 512), delegate: .echo())
            for _ in 0..<Int.random(in: 1...20, using: &random) where bench.channel.isActive {
                try bench.receive(bytes(&random, role))
            }
            bench.advance(.seconds(120))
            #expect(!bench.channel.isActive)
            #expect(bench.heard.closures.count == 1)
            #expect(bench.heard.messages.allSatisfy { $0.byteCount <= 512 })
        }
    }

    /// Noise, or a frame that is right in most things: a reader of noise alone would never get past its first byte.
    private func bytes(_ random: inout SeededGenerator, _ role: WebSocketRole) -> ByteBuffer {
        if Int.random(in: 0..<4, using: &random) == 0 {
            return ByteBuffer(bytes: random.bytes(Int.random(in: 0...64, using: &random)))
        }
        let opcodes: [UInt8] = [0, 0, 1, 2, 8, 9, 10, 3, 15]
        let fin: UInt8 = Bool.random(using: &random) ? 0x80 : 0
        let reserved: UInt8 = Int.random(in: 0..<20, using: &random) == 0 ? 0x40 : 0
        var frame = ByteBuffer(integer: fin | reserved | (opcodes.randomElement(using: &random) ?? 0))
        let isMasked = Int.random(in: 0..<20, using: &random) == 0 ? role == .client : role == .server
        let length = Int.random(in: 0...200, using: &random)
        let maskBit: UInt8 = isMasked ? 0x80 : 0
        switch Int.random(in: 0..<20, using: &random) {
        case 0: frame.writeInteger(maskBit | 127); frame.writeInteger(random.next())
        case 1...9 where length <= 125: frame.writeInteger(maskBit | UInt8(length))
        default: frame.writeInteger(maskBit | 126); frame.writeInteger(UInt16(length))
        }
        if isMasked { frame.writeBytes(random.bytes(4)) }
        let isText = Bool.random(using: &random)
        frame.writeBytes(isText ? Array(repeating: 0x61, count: length) : random.bytes(length))
        return frame
    }
}
