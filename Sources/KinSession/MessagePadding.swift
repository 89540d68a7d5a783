import KinCrypto

/// How much a sealed message says about its length (docs/protocol/messages.md): multiples of 64 bytes up to 1,024, of 1,024 above.
enum MessagePadding {
    static let smallBlock = 64
    static let largeBlock = 1024

    static func pad(_ bytes: [UInt8]) -> [UInt8] {
        Padding.pad(bytes, blockSize: paddedCount(bytes.count) <= largeBlock ? smallBlock : largeBlock)
    }

    static func unpad(_ bytes: [UInt8]) -> [UInt8]? {
        Padding.unpad(bytes, blockSize: bytes.count <= largeBlock ? smallBlock : largeBlock)
    }

    /// The length after padding: at least one byte is added.
    static func paddedCount(_ count: Int) -> Int {
        let small = (count / smallBlock + 1) * smallBlock
        return small <= largeBlock ? small : (count / largeBlock + 1) * largeBlock
    }
}
