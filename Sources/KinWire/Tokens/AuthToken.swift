import KinEncoding

/// What a program shows to say whose key it holds: signed for one audience, good for a few minutes, once (docs/protocol/tokens.md).
///
/// Here are the bytes; `KinIdentity` mints and verifies.
public struct AuthToken: Hashable, Sendable {
    public static let domain = "kindred/auth/v1"
    /// What a token's text begins with.
    public static let prefix = "kin1."
    public static let keyIDBytes = 32
    public static let nonceBytes = 16
    public static let signatureBytes = 64
    /// Of the key id, the timestamp, the nonce and the signature.
    static let count = keyIDBytes + 8 + nonceBytes + signatureBytes
    /// No text longer than this is a token: 165 characters.
    public static let maxTextBytes = prefix.utf8.count + count / 3 * 4

    /// SHA-256 of the raw public key: 32 bytes.
    public var keyID: [UInt8]
    /// Seconds since 1970, below 2^53.
    public var timestamp: Int64
    /// 16 bytes that no other token of this key has.
    public var nonce: [UInt8]
    /// 64 bytes.
    public var signature: [UInt8]

    public init(keyID: [UInt8], timestamp: Int64, nonce: [UInt8], signature: [UInt8]) {
        self.keyID = keyID
        self.timestamp = timestamp
        self.nonce = nonce
        self.signature = signature
    }

    /// Reads the text of a token.
    /// - Throws: `token_malformed`.
    public init(_ text: String) throws(TokenFault) {
        guard text.utf8.count == Self.maxTextBytes, text.hasPrefix(Self.prefix),
            let bytes = try? Base64URL.decode(String(text.dropFirst(Self.prefix.count))), bytes.count == Self.count
        else { throw .malformed }
        var reader = TokenReader(bytes)
        keyID = reader.take(Self.keyIDBytes)
        timestamp = try reader.timestamp()
        nonce = reader.take(Self.nonceBytes)
        signature = reader.take(Self.signatureBytes)
    }

    /// `kin1.` and base64url without padding of key id ‖ timestamp ‖ nonce ‖ signature.
    public var text: String {
        Self.prefix + Base64URL.encode(keyID + TokenBytes.timestamp(timestamp) + nonce + signature)
    }

    /// What is signed, without domain and 0x00: u16 length of the audience ‖ audience ‖ key id ‖ timestamp ‖ nonce.
    ///
    /// nil for an audience that no server or device has: empty, or longer than 65,535 bytes.
    public static func signedBytes(
        audience: TokenAudience, keyID: [UInt8], timestamp: Int64, nonce: [UInt8]
    ) -> [UInt8]? {
        let name = Array(audience.description.utf8)
        guard let length = UInt16(exactly: name.count), length > 0 else { return nil }
        return [UInt8(length >> 8), UInt8(length & 0xff)] + name + keyID + TokenBytes.timestamp(timestamp) + nonce
    }
}

/// Who a token is for.
public enum TokenAudience: Hashable, Sendable, CustomStringConvertible {
    /// `scheme://host[:port]` of a server, as dialled.
    case server(origin: String)
    case device(MachineID)

    public var description: String {
        switch self {
        case .server(let origin): origin
        case .device(let machine): "device:\(machine)"
        }
    }
}

/// The older form of a token, for no audience and without a nonce: taken only where `auth.accept_bare_tokens = true`. Nothing here makes one.
public struct BareToken: Hashable, Sendable {
    static let count = AuthToken.keyIDBytes + 8 + AuthToken.signatureBytes
    /// 139 characters.
    static let textBytes = (count * 4 + 2) / 3

    public var keyID: [UInt8]
    /// Seconds since 1970, below 2^53.
    public var timestamp: Int64
    /// 64 bytes, over `signedBytes` alone: no domain.
    public var signature: [UInt8]

    /// - Throws: `token_malformed`.
    public init(_ text: String) throws(TokenFault) {
        guard text.utf8.count == Self.textBytes, let bytes = try? Base64URL.decode(text), bytes.count == Self.count
        else { throw .malformed }
        var reader = TokenReader(bytes)
        keyID = reader.take(AuthToken.keyIDBytes)
        timestamp = try reader.timestamp()
        signature = reader.take(AuthToken.signatureBytes)
    }

    public var text: String { Base64URL.encode(signedBytes + signature) }

    /// key id ‖ timestamp: 40 bytes.
    public var signedBytes: [UInt8] { keyID + TokenBytes.timestamp(timestamp) }
}

enum TokenBytes {
    static func timestamp(_ seconds: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: seconds >> (56 - 8 * $0)) }
    }
}

/// Takes the parts of bytes whose count was checked.
private struct TokenReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func take(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func timestamp() throws(TokenFault) -> Int64 {
        let seconds = take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard seconds <= UInt64(Fields.maxInteger) else { throw .malformed }
        return Int64(seconds)
    }
}
