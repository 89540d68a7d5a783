/// Eight bytes of text looked at together, for the long strings of JSON.
enum TextWord {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let spaces = ones * UInt64(UInt8(ascii: " "))
    private static let quotes = ones * UInt64(UInt8(ascii: "\""))
    private static let backslashes = ones * UInt64(UInt8(ascii: "\\"))

    /// Whether none of them is a control character, a quote or a backslash: nothing that JSON writes otherwise.
    static func isUnescaped(_ word: UInt64) -> Bool { escaped(word) == 0 }

    /// The same, and all of them are ASCII.
    static func isPlainASCII(_ word: UInt64) -> Bool { (escaped(word) | word) & highBits == 0 }

    /// Where `bytes` have no more such words, or fewer than eight bytes left.
    static func end(of bytes: UnsafeBufferPointer<UInt8>, from start: Int, while isSuch: (UInt64) -> Bool) -> Int {
        let raw = UnsafeRawBufferPointer(bytes)
        var index = start
        while raw.count - index >= 8, isSuch(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) { index += 8 }
        return index
    }

    /// Not 0 where one of them is to be escaped: a difference borrows from the high bit only where a byte is less.
    private static func escaped(_ word: UInt64) -> UInt64 {
        let (quote, backslash) = (word ^ quotes, word ^ backslashes)
        let less = (word &- spaces) & ~word
        return (less | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & highBits
    }
}
