import KinEncoding

/// Where a device stands in the revocation log: the number of entries, and a hash over the sorted entry hashes.
public struct RevocationHead: Hashable, Sendable {
    public var count: Int64
    /// 32 bytes.
    public var hash: [UInt8]

    public init(count: Int64, hash: [UInt8]) {
        self.count = count
        self.hash = hash
    }

    /// No entry: the hash is SHA-256 of nothing.
    public static let empty = RevocationHead(
        count: 0,
        hash: [
            0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
            0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
        ])

    init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "revocation head")
        count = try fields.integer("n")
        hash = try fields.hex("hash", bytes: 32)
        try fields.end()
    }

    var json: JSON { .object(["n": .integer(count), "hash": .hex(hash)]) }
}

extension Fields {
    mutating func revocationHead(_ name: String = "revocation_head") throws(WireError) -> RevocationHead {
        try RevocationHead(json: take(name))
    }
}
