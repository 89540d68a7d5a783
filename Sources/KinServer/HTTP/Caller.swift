import HTTPTypes
import KinIdentity
import KinWire

/// Who makes a request, for as long as it lasts.
struct Caller: Sendable {
    let identity: Identity
    /// Looks again whether the credential is still good. A token is used up, so its key is looked up instead.
    let recheck: @Sendable () throws(RequestRefusal) -> Void
    /// The last look, while the store's writer waits: at an API key again; nothing for a key, whose chain takes signatures to check.
    let lastLook: @Sendable () throws(RequestRefusal) -> Void

    /// The same caller, good only as long as `condition` holds too.
    func adding(_ condition: @escaping @Sendable () throws(RequestRefusal) -> Void) -> Caller {
        let recheck = recheck
        return Caller(
            identity: identity,
            recheck: { () throws(RequestRefusal) in
                try recheck()
                try condition()
            }, lastLook: lastLook)
    }
}

/// Finds out who makes a request, from its `Authorization` header alone.
struct Callers: Sendable {
    let providers: IdentityProviders
    /// Milliseconds.
    let now: @Sendable () -> Int64

    /// - Throws: 401 with the credential's own code, 400 for more than one header, 429, 503.
    func caller(_ headers: HTTPFields) throws(RequestRefusal) -> Caller {
        let values = headers[values: .authorization]
        guard let value = values.first else {
            throw RequestRefusal(
                .unauthorized, "credential_missing", "this needs a token or an API key: Authorization: Bearer …")
        }
        guard values.count == 1 else {
            throw RequestRefusal(.badRequest, "invalid_request", "there is more than one Authorization header")
        }
        let parts = value.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw RequestRefusal(.unauthorized, "credential_missing", "the Authorization header must be: Bearer …")
        }
        let credential = Credential(bearer: String(parts[1]))
        let identity = try identity(credential, unknown: "token_key_unknown")
        let lasting = Self.lasting(credential)
        let recheck: @Sendable () throws(RequestRefusal) -> Void = { () throws(RequestRefusal) in
            guard try self.identity(lasting, unknown: "key_not_valid") == identity else {
                throw RequestRefusal(.unauthorized, "key_not_valid", "the key's rights have changed: try again")
            }
        }
        guard case .apiKey = credential else {
            return Caller(identity: identity, recheck: recheck, lastLook: { () throws(RequestRefusal) in })
        }
        return Caller(identity: identity, recheck: recheck, lastLook: recheck)
    }

    private func identity(_ credential: Credential, unknown code: String) throws(RequestRefusal) -> Identity {
        do {
            if let identity = try providers.identity(for: credential, now: now()) { return identity }
        } catch {
            throw RequestRefusal(credential: error)
        }
        throw RequestRefusal(.unauthorized, code, TokenFault.keyUnknown.message)
    }

    private static func lasting(_ credential: Credential) -> Credential {
        guard case .token(let text) = credential else { return credential }
        if let token = try? AuthToken(text) { return .fingerprint(token.keyID) }
        return (try? BareToken(text)).map { .fingerprint($0.keyID) } ?? credential
    }
}
