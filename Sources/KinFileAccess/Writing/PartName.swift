import KinCrypto
import KinEncoding

/// What a part is called: `.kin-cp-<key>-<random>.part`, 16 hex digits each.
struct PartName: Hashable, Sendable {
    private static let prefix = Array(".kin-cp-".utf8)
    private static let suffix = Array(".part".utf8)
    private static let dash = UInt8(ascii: "-")

    let key: String
    private let random: String

    init(key: String) {
        self.key = key
        random = Hex.encode(Random.bytes(8))
    }

    /// - Returns: nil for any other name.
    init?(_ name: [UInt8]) {
        guard name.starts(with: Self.prefix), name.count > Self.suffix.count, name.suffix(5) == Self.suffix[...] else {
            return nil
        }
        self.init(token: String(decoding: name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count), as: UTF8.self))
    }

    /// - Returns: nil for what no part has.
    init?(token: String) {
        let bytes = Array(token.utf8)
        guard bytes.count == 33, bytes[16] == Self.dash, let key = Self.half(bytes[..<16]),
            let random = Self.half(bytes[17...])
        else { return nil }
        self.key = key
        self.random = random
    }

    /// 8 hex digits.
    static func half(of bytes: [UInt8]) -> String { Hex.encode(Array(Digest.sha256(bytes).prefix(4))) }

    /// Whether it is a part of a file of that name.
    func isPart(of name: PathName) -> Bool { key.hasPrefix(Self.half(of: name.bytes)) }

    private static func half(_ bytes: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        return (try? Hex.decode(text)) == nil ? nil : text
    }

    var token: String { "\(key)-\(random)" }

    var pathName: PathName { PathName(Self.prefix + Array(token.utf8) + Self.suffix) }
}
