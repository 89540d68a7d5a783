import KinEncoding

/// A sealed credential: `{"data","iv","key_version","salt"}`, canonical, bytes in base64.
public struct EncryptedData: Hashable, Sendable {
    /// Bounds of what is sealed.
    public static let maxPlaintextBytes = 64 << 10
    static let saltCount = 32
    static let ivCount = 12
    static let tagCount = 16

    /// Which of the credential keys sealed it; 1 is the first.
    public var keyVersion: Int64
    /// 32 bytes, random for each sealing.
    public var salt: [UInt8]
    /// 12 bytes, random for each sealing.
    public var iv: [UInt8]
    /// Ciphertext, then the 16 bytes of the tag.
    public var data: [UInt8]

    public init(keyVersion: Int64, salt: [UInt8], iv: [UInt8], data: [UInt8]) {
        self.keyVersion = keyVersion
        self.salt = salt
        self.iv = iv
        self.data = data
    }

    /// Reads the object as it stands in another message.
    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "encrypted")
        keyVersion = try fields.keyVersion()
        salt = try fields.base64("salt", atLeast: Self.saltCount, atMost: Self.saltCount)
        iv = try fields.base64("iv", atLeast: Self.ivCount, atMost: Self.ivCount)
        data = try fields.base64(
            "data", atLeast: Self.tagCount, atMost: Self.maxPlaintextBytes + Self.tagCount)
        try fields.end()
    }

    /// Reads the bytes of a blob: any valid JSON of this form.
    public init(bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= 2 * Self.maxPlaintextBytes else { throw .invalid("a sealed credential is smaller") }
        let json: JSON
        do { json = try JSON.parse(bytes) } catch { throw .invalid(error.message) }
        try self.init(json: json)
    }

    public var json: JSON {
        .object([
            "key_version": .integer(keyVersion), "salt": .string(Base64.encode(salt)), "iv": .string(Base64.encode(iv)),
            "data": .string(Base64.encode(data)),
        ])
    }
}

extension Fields {
    /// A version of the credential key: 1 to 2^31.
    mutating func keyVersion() throws(WireError) -> Int64 { try integer("key_version", from: 1, to: 1 << 31) }

    mutating func base64(_ name: String, atLeast least: Int, atMost most: Int) throws(WireError) -> [UInt8] {
        let text = try string(name, maxBytes: Base64.encodedCount(most))
        guard let bytes = try? Base64.decode(text), least...most ~= bytes.count else {
            throw refusal(
                name, least == most ? "must be base64 of \(most) bytes" : "must be base64 of \(least) to \(most) bytes")
        }
        return bytes
    }
}
