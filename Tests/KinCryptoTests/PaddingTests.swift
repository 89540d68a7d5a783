import KinCrypto
import KinTesting
import Testing

@Suite struct PaddingTests {
    @Test(
        "padding is 0x80 and zeros up to the next multiple of a block",
        arguments: [
            ([], [0x80, 0, 0, 0]), ([1], [1, 0x80, 0, 0]), ([1, 2, 3], [1, 2, 3, 0x80]),
            ([1, 2, 3, 4], [1, 2, 3, 4, 0x80, 0, 0, 0]), ([0x80], [0x80, 0x80, 0, 0]),
        ] as [([UInt8], [UInt8])])
    func examples(bytes: [UInt8], padded: [UInt8]) {
        #expect(Padding.pad(bytes, blockSize: 4) == padded)
        #expect(Padding.unpad(padded, blockSize: 4) == bytes)
    }

    @Test(
        "bytes without padding are refused",
        arguments: [[], [0, 0, 0, 0], [1, 2, 3, 4], [0x80, 0, 0], [0x80, 0, 0, 1], [0x80, 0, 0, 0, 0, 0, 0, 0]]
            as [[UInt8]])
    func refused(bytes: [UInt8]) {
        #expect(Padding.unpad(bytes, blockSize: 4) == nil)
    }

    @Test("a block of no bytes unpads nothing", arguments: [0, -1])
    func blockSize(size: Int) {
        #expect(Padding.unpad([0x80], blockSize: size) == nil)
    }

    @Test("any bytes come back from any block size, as a whole number of blocks")
    func roundTrip() {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<2_000 {
            let bytes = generator.bytes(upTo: 300)
            let blockSize = Int.random(in: 1...256, using: &generator)
            let padded = Padding.pad(bytes, blockSize: blockSize)
            #expect(padded.count.isMultiple(of: blockSize))
            #expect(1...blockSize ~= padded.count - bytes.count)
            #expect(Padding.unpad(padded, blockSize: blockSize) == bytes)
        }
    }
}
