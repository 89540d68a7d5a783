import KinCrypto
import KinWire
import Synchronization

/// Decides whether a token is taken: for one of this side's audiences, within 300 s, once, and made since this process started.
public final class TokenVerifier: Sendable {
    /// How far a token's time may be from this side's clock, in seconds.
    public static let window: Int64 = 300

    /// Milliseconds.
    private let startedAt: Int64
    private let acceptsBare: Bool
    private let cache: Mutex<ReplayCache>

    /// - Parameters:
    ///   - startedAt: when this process began to take tokens, milliseconds.
    ///   - acceptsBare: `auth.accept_bare_tokens`: whether tokens without audience and nonce are taken too.
    public init(startedAt: Int64, acceptsBare: Bool = false, limits: ReplayCache.Limits = .init()) {
        self.startedAt = startedAt
        self.acceptsBare = acceptsBare
        cache = Mutex(ReplayCache(limits: limits))
    }

    /// A token that was taken; it will not be taken again.
    public struct Taken: Hashable, Sendable {
        /// SHA-256 of the raw public key.
        public let keyID: [UInt8]
        public let key: Ed25519.PublicKey
    }

    /// - Parameters:
    ///   - text: as it came.
    ///   - audiences: this side's names.
    ///   - now: milliseconds.
    ///   - key: the known key with an id, if there is one.
    public func verify(
        _ text: String, audiences: [TokenAudience], now: Int64, key find: ([UInt8]) -> Ed25519.PublicKey?
    ) throws(TokenFault) -> Taken {
        guard text.hasPrefix(AuthToken.prefix) else { return try verifyBare(text, now: now, key: find) }
        let token = try AuthToken(text)
        try checkTime(token.timestamp, now: now)
        let key = try Self.known(token.keyID, find)
        guard audiences.contains(where: { token.isSigned(by: key, for: $0) }) else { throw .invalid }
        return try take(token.keyID, key, mark: token.nonce, timestamp: token.timestamp, now: now)
    }

    private func verifyBare(
        _ text: String, now: Int64, key find: ([UInt8]) -> Ed25519.PublicKey?
    ) throws(TokenFault) -> Taken {
        let token = try BareToken(text)
        guard acceptsBare else { throw .bareRefused }
        try checkTime(token.timestamp, now: now)
        let key = try Self.known(token.keyID, find)
        guard key.isValid(signature: token.signature, overBare: token.signedBytes) else { throw .invalid }
        // Without a nonce a key has one token a second.
        return try take(token.keyID, key, mark: token.signedBytes, timestamp: token.timestamp, now: now)
    }

    private func checkTime(_ timestamp: Int64, now: Int64) throws(TokenFault) {
        let seconds = now / 1000
        if timestamp < seconds - Self.window { throw .expired }
        if timestamp > seconds + Self.window { throw .future }
        // A second that had begun before the start may have been signed, and used, before it.
        if timestamp * 1000 < startedAt { throw .beforeStart }
    }

    private static func known(
        _ keyID: [UInt8], _ find: ([UInt8]) -> Ed25519.PublicKey?
    ) throws(TokenFault) -> Ed25519.PublicKey {
        guard let key = find(keyID), AuthToken.keyID(of: key) == keyID else { throw .keyUnknown }
        return key
    }

    private func take(
        _ keyID: [UInt8], _ key: Ed25519.PublicKey, mark: [UInt8], timestamp: Int64, now: Int64
    ) throws(TokenFault) -> Taken {
        try cache.withLock { cache throws(TokenFault) in
            try cache.use(keyID: keyID, mark: mark, through: timestamp + Self.window, now: now / 1000)
        }
        return Taken(keyID: keyID, key: key)
    }
}
