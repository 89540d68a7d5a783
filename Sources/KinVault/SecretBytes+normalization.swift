import Foundation
import KinCrypto

/// Text in guarded memory, as UTF-8.
extension SecretBytes {
    var isASCII: Bool { withBytes { $0.allSatisfy { $0 < 0x80 } } }

    /// Unicode's NFKD, as BIP39 asks for. Bytes that are not UTF-8 count as U+FFFD.
    ///
    /// ASCII is its own decomposition and never leaves guarded memory. Other text passes through strings that cannot
    /// be erased, as no library within reach decomposes in place.
    var compatibilityDecomposed: SecretBytes {
        guard !isASCII else { return self }
        return SecretBytes(copying: Array(text.decomposedStringWithCompatibilityMapping.utf8))
    }

    /// Words in lower case with white space between them that is ASCII.
    var foldedWords: SecretBytes {
        let decomposed = compatibilityDecomposed
        guard decomposed.isASCII else {
            let words = decomposed.text.lowercased().split(whereSeparator: \.isWhitespace)
            return SecretBytes(copying: Array(words.joined(separator: " ").utf8))
        }
        return SecretBytes(count: decomposed.count) { folded in
            decomposed.withBytes { bytes in
                for (index, byte) in bytes.enumerated() {
                    folded[index] = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
                }
            }
        }
    }

    private var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
