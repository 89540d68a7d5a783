import KinCrypto
import KinEncoding
import KinWire

/// A key for programs at a server's HTTP API: `kin_` and 32 characters of base62 (190 bits), shown once, stored as its SHA-256.
public struct APIKey: Sendable {
    public static let prefix = "kin_"
    static let randomCharacters = 32
    public static let textBytes = prefix.utf8.count + randomCharacters
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    /// Random bytes from here on are thrown away: 248 is the largest multiple of 62 that a byte holds.
    private static let bound = UInt8(256 / alphabet.count * alphabet.count)

    private let bytes: SecretBytes

    /// A fresh key.
    public static func random() -> APIKey {
        APIKey(
            bytes: SecretBytes(count: textBytes) { buffer in
                for (index, character) in prefix.utf8.enumerated() { buffer[index] = character }
                var filled = prefix.utf8.count
                while filled < textBytes {
                    SecretBytes.random(count: 64).withBytes { random in
                        for byte in random where byte < bound && filled < textBytes {
                            buffer[filled] = alphabet[Int(byte) % alphabet.count]
                            filled += 1
                        }
                    }
                }
            })
    }

    private init(bytes: SecretBytes) { self.bytes = bytes }

    /// Reads a key that somebody shows.
    /// - Returns: nil for anything but `kin_` and 32 characters of base62.
    public init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.count == Self.textBytes, characters.starts(with: Self.prefix.utf8),
            characters.dropFirst(Self.prefix.utf8.count).allSatisfy({ Self.alphabet.contains($0) })
        else { return nil }
        bytes = SecretBytes(copying: characters)
    }

    /// SHA-256 of the whole text: 32 bytes.
    public var hash: [UInt8] { Digest.sha256(bytes).withBytes { Array($0) } }

    /// The key's text, for the one time it is shown.
    public func withText<T>(_ body: (String) throws -> T) rethrows -> T {
        try bytes.withBytes { try body(String(decoding: $0, as: UTF8.self)) }
    }
}

/// What is kept of an API key: everything but the key.
public struct APIKeyRecord: Hashable, Sendable {
    /// Names the key in `kin apikey`; says nothing about it.
    public var id: ULID
    /// SHA-256 of the key's text: 32 bytes.
    public var hash: [UInt8]
    /// For whom it may act, if for anybody.
    public var member: MeshMember?
    public var scopes: [APIScope]
    public var description: String
    /// Milliseconds, as all times here.
    public var createdAt: Int64
    public var expiresAt: Int64?
    public var lastUsedAt: Int64?
    public var revokedAt: Int64?

    /// Longest description, in bytes.
    public static let maxDescription = 200

    public init(
        id: ULID, hash: [UInt8], member: MeshMember?, scopes: [APIScope], description: String = "", createdAt: Int64,
        expiresAt: Int64? = nil, lastUsedAt: Int64? = nil, revokedAt: Int64? = nil
    ) {
        self.id = id
        self.hash = hash
        self.member = member
        self.scopes = scopes
        self.description = description
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.revokedAt = revokedAt
    }

    public enum State: String, Hashable, Sendable {
        case active, expired, revoked
    }

    /// - Parameter now: milliseconds.
    public func state(now: Int64) -> State {
        if revokedAt != nil { return .revoked }
        return now < expiresAt ?? .max ? .active : .expired
    }

    /// - Throws: `api_key_revoked`, `api_key_expired` (category refused).
    public func check(now: Int64) throws(KinError) {
        switch state(now: now) {
        case .active: return
        case .revoked: throw KinError("api_key_revoked", "the API key was revoked", category: .refused)
        case .expired:
            throw KinError("api_key_expired", "the API key has expired: make a new one", category: .refused)
        }
    }
}
