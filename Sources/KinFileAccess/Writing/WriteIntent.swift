import KinCrypto
import KinEncoding
public import KinWire

/// A file that is to be written.
public struct WriteIntent: Hashable, Sendable {
    /// Of the file, which is no link; its folder is there.
    public var path: String
    /// Bytes.
    public var size: Int64
    /// Nine bits of chmod(2); what is more (setuid, setgid, sticky) is left out.
    public var mode: UInt32
    /// Milliseconds since 1970; nil: when it was written.
    public var modifiedAt: Int64?
    /// 32 bytes, where they are known before.
    public var sha256: [UInt8]?
    /// Whether a file of that name is replaced.
    public var overwrites: Bool

    public init(
        path: String, size: Int64, mode: UInt32 = 0o644, modifiedAt: Int64? = nil, sha256: [UInt8]? = nil,
        overwrites: Bool = false
    ) {
        self.path = path
        self.size = size
        self.mode = mode
        self.modifiedAt = modifiedAt
        self.sha256 = sha256
        self.overwrites = overwrites
    }

    /// 16 hex digits: a part is gone on with only for the same content, as far as it is known.
    func key(of name: PathName) -> String {
        let digest = sha256.map { Hex.encode($0) } ?? ""
        let facts = "\(size) \(modifiedAt.map { "\($0)" } ?? "") \(digest) "
        return Hex.encode(Array(Digest.sha256(Array(facts.utf8) + name.bytes).prefix(8)))
    }

    /// - Throws: `size_invalid`, `digest_invalid`.
    func check() throws(KinError) {
        guard size >= 0, size <= Int64.max - Int64(RootedFiles.maxPiece) else {
            throw KinError("size_invalid", "a file's size is 0 or more", category: .usage)
        }
        guard sha256?.count ?? 32 == 32 else {
            throw KinError("digest_invalid", "a SHA-256 has 32 bytes", category: .usage)
        }
    }
}

/// A file that is being written: what has come of it lies beside its place under a hidden name, readable by its owner alone.
public struct WritePart: Hashable, Sendable {
    /// Names the part; whoever begins the same file later gets another, and this one is void.
    public var token: String
    /// Bytes that are there: where to go on.
    public var offset: Int64

    public init(token: String, offset: Int64) {
        self.token = token
        self.offset = offset
    }
}

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

    private static func half(_ bytes: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        return (try? Hex.decode(text)) == nil ? nil : text
    }

    var token: String { "\(key)-\(random)" }

    var pathName: PathName { PathName(Self.prefix + Array(token.utf8) + Self.suffix) }
}
