import KinCrypto
import KinEncoding
import KinWire

/// A key that this side knows, and whom it stands for.
public struct KnownKey: Hashable, Sendable {
    public let key: Ed25519.PublicKey
    public let identity: Identity

    public init(key: Ed25519.PublicKey, identity: Identity) {
        self.key = key
        self.identity = identity
    }

    /// A key somebody wrote into `authorized_keys`: it stands for itself.
    public init(_ entry: AuthorizedKeys.Entry) {
        let id = "key:" + Hex.encode(AuthToken.keyID(of: entry.key))
        self.init(key: entry.key, identity: Identity(id: id, scopes: [], resources: []))
    }
}

/// The identities behind tokens and fingerprints, wherever their keys are known from: certificates, `authorized_keys`.
///
/// Several share one `TokenVerifier`, so that a token is taken once by all of them together.
public struct TokenIdentities: IdentityProvider {
    private let verifier: TokenVerifier
    private let audiences: @Sendable () -> [TokenAudience]
    private let find: @Sendable (_ keyID: [UInt8], _ now: Int64) -> KnownKey?

    /// - Parameters:
    ///   - audiences: this side's names now.
    ///   - find: the key with an id (SHA-256 of the raw public key), if it is known and good at `now` (milliseconds).
    public init(
        verifier: TokenVerifier, audiences: @escaping @Sendable () -> [TokenAudience],
        find: @escaping @Sendable (_ keyID: [UInt8], _ now: Int64) -> KnownKey?
    ) {
        self.verifier = verifier
        self.audiences = audiences
        self.find = find
    }

    /// - Throws: `KinError` with a `TokenFault`'s code.
    public func identity(for credential: Credential, now: Int64) throws -> Identity? {
        switch credential {
        case .apiKey: return nil
        case .fingerprint(let keyID): return find(keyID, now)?.identity
        case .token(let text):
            var known: KnownKey?
            do throws(TokenFault) {
                _ = try verifier.verify(text, audiences: audiences(), now: now) { keyID in
                    known = find(keyID, now)
                    return known?.key
                }
            } catch {
                // Another provider may know the key.
                if error == .keyUnknown { return nil }
                throw KinError(error)
            }
            return known?.identity
        }
    }
}

/// The identities behind API keys.
public struct APIKeyIdentities: IdentityProvider {
    private let find: @Sendable (_ hash: [UInt8]) throws -> APIKeyRecord?

    /// - Parameter find: the record of the key with a SHA-256.
    public init(find: @escaping @Sendable (_ hash: [UInt8]) throws -> APIKeyRecord?) { self.find = find }

    /// - Throws: `api_key_unknown`, `api_key_expired`, `api_key_revoked`.
    public func identity(for credential: Credential, now: Int64) throws -> Identity? {
        guard case .apiKey(let text) = credential else { return nil }
        guard let key = APIKey(text), let record = try find(key.hash) else {
            throw KinError("api_key_unknown", "this API key is not known here", category: .refused)
        }
        try record.check(now: now)
        return Identity(
            id: "apikey:\(record.id)", scopes: Set(record.scopes.map(\.rawValue)),
            resources: Set(record.member.map { [$0] } ?? []))
    }
}
