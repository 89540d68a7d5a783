import CSodium

/// Padding that hides a length: 0x80, then zeros, up to a multiple of a block (ISO/IEC 7816-4).
public enum Padding {
    /// `bytes` and at least one byte more, up to the next multiple of `blockSize`.
    public static func pad(_ bytes: some Collection<UInt8>, blockSize: Int) -> [UInt8] {
        precondition(blockSize > 0, "a block has at least one byte")
        let paddedCount = (bytes.count / blockSize + 1) * blockSize
        var padded = [UInt8](repeating: 0, count: paddedCount)
        padded.replaceSubrange(..<bytes.count, with: bytes)
        var written = 0
        let result = sodium_pad(&written, &padded, bytes.count, blockSize, paddedCount)
        assert(result == 0 && written == paddedCount, "the buffer was made to fit")
        return padded
    }

    /// What `pad` was given, or nil where the bytes are not padded to a multiple of `blockSize`.
    ///
    /// The time does not tell how much of the last block is padding.
    public static func unpad(_ bytes: some Collection<UInt8>, blockSize: Int) -> [UInt8]? {
        guard blockSize > 0, !bytes.isEmpty, bytes.count.isMultiple(of: blockSize) else { return nil }
        var count = 0
        let valid = bytes.withContiguousBytes { sodium_unpad(&count, $0.octets, $0.count, blockSize) == 0 }
        return valid ? Array(bytes.prefix(count)) : nil
    }
}
