import KinWire

/// What a program shows to say who it is.
public enum Credential: Hashable, Sendable {
    /// SHA-256 of a raw Ed25519 public key whose possession was proved some other way, as by a link's handshake.
    case fingerprint([UInt8])
    /// An `AuthToken` or `BareToken`.
    case token(String)
    case apiKey(String)

    /// The credential of an `Authorization` header's bearer value; which it is follows from its form.
    public init(bearer text: String) { self = APIKey(text) == nil ? .token(text) : .apiKey(text) }
}

/// Whom a credential stands for.
public struct Identity: Hashable, Sendable {
    /// Stable and never secret: `member:…`, `key:…` or `apikey:…`.
    public let id: String
    /// What it may do: `send`, `mesh:create`, or a certificate's scopes.
    public let scopes: Set<String>
    /// On whose behalf, where it may act for members.
    public let resources: Set<MeshMember>

    public init(id: String, scopes: Set<String>, resources: Set<MeshMember>) {
        self.id = id
        self.scopes = scopes
        self.resources = resources
    }
}

/// Turns credentials into identities.
public protocol IdentityProvider: Sendable {
    /// Whom the credential stands for; nil where this provider has never heard of it, so that another may be asked.
    /// - Parameter now: milliseconds.
    /// - Throws: `KinError` with the credential's own code where it is known and refused: no other provider is asked then.
    func identity(for credential: Credential, now: Int64) throws -> Identity?
}

/// Several providers as one: the first that knows a credential decides.
public struct IdentityProviders: IdentityProvider {
    private let providers: [any IdentityProvider]

    public init(_ providers: [any IdentityProvider]) { self.providers = providers }

    public func identity(for credential: Credential, now: Int64) throws -> Identity? {
        for provider in providers {
            if let identity = try provider.identity(for: credential, now: now) { return identity }
        }
        return nil
    }
}
