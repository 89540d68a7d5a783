import KinCrypto
import KinEncoding
import KinWire

/// The owner's side of joining by request and approval.
public struct Approving: Sendable {
    /// How long ago a request may have been made: 24 h, in milliseconds.
    public static let maxAge: Int64 = 86_400_000

    private let installation: Installation
    /// Milliseconds.
    private let now: Int64

    public init(_ installation: Installation, now: Int64) {
        self.installation = installation
        self.now = now
    }

    /// Reads a request and checks that the machine that made it holds its keys.
    /// - Throws: `request_invalid`, `request_old`.
    public func read(_ text: String) throws -> JoinRequest {
        let request: JoinRequest
        do throws(WireError) {
            request = try JoinRequest(text: text)
        } catch {
            throw KinError("request_invalid", "this is no request: \(error.message)", category: .usage)
        }
        try check(request)
        return request
    }

    /// Checks that the machine that made a request holds its keys, and made it lately.
    /// - Throws: `request_invalid`, `request_old`.
    public func check(_ request: JoinRequest) throws {
        guard let key = try? Ed25519.PublicKey(request.ed25519), (try? X25519.PublicKey(request.x25519)) != nil,
            request.isSigned(by: key)
        else {
            throw KinError(
                "request_invalid", "this request was changed on its way: ask for it again", category: .refused)
        }
        guard request.at <= now + StatementLimits.maxAhead, request.at > now - Self.maxAge else {
            throw KinError(
                "request_old", "this request is more than a day old, or the clocks differ: make it again",
                category: .refused)
        }
    }

    /// Whether this device may certify a machine so: before anybody is asked for anything.
    /// - Parameters:
    ///   - role: at most what the issuer certificate allows (member); owners are made by the wallet alone.
    ///   - expiresAt: milliseconds; nil: no end, which a guest may not have.
    /// - Throws: `device_revoked`, `not_an_issuer`, `role_needs_wallet`, `guest_needs_end`.
    @discardableResult
    public func check(role: Role, expiresAt: Int64?) throws -> IssuerCertificate {
        guard installation.revokedBy == nil else {
            throw KinError(
                "device_revoked", "this device was revoked: it certifies nobody any more", category: .refused)
        }
        guard let issuer = installation.issuer, issuer.scopes.contains(.issue), now >= issuer.notBefore,
            now < issuer.expiresAt ?? .max
        else {
            throw KinError(
                "not_an_issuer",
                "this device may not certify others: approve on one that has the phrase, or enter it here with  kin wallet import  and start  kin up  again",
                category: .refused)
        }
        guard role <= issuer.maxRole else {
            throw KinError(
                "role_needs_wallet",
                "an owner is made with the recovery phrase: run  kin wallet import  on that machine instead",
                category: .refused)
        }
        guard role != .guest || expiresAt != nil else {
            throw KinError("guest_needs_end", "a guest must expire: add --ttl, as in --ttl 30d", category: .usage)
        }
        return issuer
    }

    /// Certifies the machine with this device's issuer key, and seals the answer to it.
    /// - Parameters:
    ///   - role: at most what the issuer certificate allows (member); owners are made by the wallet alone.
    ///   - lifetime: milliseconds; nil: no end, which a guest may not have.
    ///   - servers: the family's, the broker first.
    /// - Throws: as `check`.
    /// - Returns: the answer's text form, and the new member's id.
    public func approve(
        _ request: JoinRequest, role: Role, lifetime: Int64?, servers: [String]
    ) throws -> (text: String, member: ULID) {
        let (sealed, member) = try certify(
            request, role: role, expiresAt: lifetime.map { now + $0 }, servers: servers)
        return (JoinApproval.text(sealed: sealed), member)
    }

    /// The same, as the sealed bytes of the answer.
    /// - Parameter expiresAt: milliseconds; nil: no end.
    public func certify(
        _ request: JoinRequest, role: Role, expiresAt: Int64?, servers: [String]
    ) throws -> (sealed: [UInt8], member: ULID) {
        let issuer = try check(role: role, expiresAt: expiresAt)
        let certificate = Certificate(
            mesh: installation.mesh, member: ULID(milliseconds: now, randomness: Random.bytes(10)),
            machineID: request.machineID, ed25519: request.ed25519, x25519: request.x25519, role: role, issuedAt: now,
            expiresAt: expiresAt, issuer: .member(installation.chain.member)
        ).signed(by: installation.keys.issuing)
        let approval = JoinApproval(
            chain: Chain(issuer: issuer, certificate: certificate), routeID: installation.wallet.routeID,
            boxPublic: installation.wallet.boxPublic, servers: servers)
        let sealed = Box.sealAnonymously(approval.canonicalBytes(), to: try X25519.PublicKey(request.x25519))
        return (sealed, certificate.member)
    }
}
