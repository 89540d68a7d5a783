import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

/// Who belongs to the mesh, and the end of that.
struct Revoking: Sendable {
    let installation: Installation
    let family: Family
    let keeper: RevocationKeeper
    let exchange: RevocationExchange
    /// Milliseconds.
    let now: @Sendable () -> Int64

    /// Revokes with this device's issuer key, or says what the wallet has to sign.
    func revoke(_ request: RevokeRequest) throws -> RevokeAnswer {
        let target = try target(request.device)
        let time = now()
        let draft = try RevocationDraft(
            revoking: target, from: installation, spared: try spared(by: request, target),
            cutoff: request.cutoff ?? time,
            reason: request.reason, now: time)
        guard let proof = draft.signed(by: installation) else {
            return RevokeAnswer(revoked: false, name: name(of: draft.entry), entry: draft.entry)
        }
        try enter(proof)
        return RevokeAnswer(revoked: true, name: name(of: proof.entry), entry: proof.entry)
    }

    /// Those that stay though the device that certified them goes: only who was named.
    private func spared(by request: RevokeRequest, _ target: RevocationDraft.Target) throws -> [VerifiedMember] {
        guard case .member(let issuer) = target else { return [] }
        let certified = family.everybody.filter { $0.chain.issuer?.issuer == issuer.member }
        guard let keep = request.keep else {
            guard certified.isEmpty else { throw dependents(certified) }
            return []
        }
        return try keep.map { name in
            let member = try family.resolve(name)
            guard certified.contains(member) else {
                throw KinError("not_dependent", "\(name) was not certified by that device", category: .usage)
            }
            return member
        }
    }

    private func dependents(_ members: [VerifiedMember]) -> KinError {
        let names = members.map { family.name(of: $0.member) }.sorted()
        return KinError(
            "device_has_dependents",
            "that device certified \(names.joined(separator: ", ")), who fall with it: name those to keep with --keep NAME (again for each), or say --keep-none",
            category: .conflict, detail: ["dependents": .strings(names)])
    }

    /// A device by its name or id; or any id, as a join credential's.
    private func target(_ text: String) throws -> RevocationDraft.Target {
        do {
            return .member(try family.resolve(text))
        } catch let error as KinError where error.code == "unknown_recipient" {
            guard let id = ULID(text) else { throw error }
            return .id(id)
        }
    }

    private func name(of entry: Revocation) -> String { family.name(of: entry.target) }

    /// Takes an entry that was signed elsewhere.
    func take(_ signed: SignedRevocation) throws -> RevokeAnswer {
        let name = name(of: signed.proof.entry)
        try enter(signed.proof)
        return RevokeAnswer(revoked: true, name: name, entry: signed.proof.entry)
    }

    private func enter(_ proof: RevocationProof) throws {
        let new = keeper.take([proof])
        guard !new.isEmpty || keeper.ledger.current.has(proof.entry.hash) else {
            throw KinError(
                "revocation_invalid", "the revocation is not valid: is it signed by this wallet?", category: .refused)
        }
        exchange.tellBroker(new)
    }

    func members() -> MemberList {
        let log = installation.revocations.current
        return MemberList(
            members: family.everybody.map { member in
                let certificate = member.chain.certificate
                return MemberInfo(
                    name: family.name(of: member.member), member: member.member.description,
                    machineID: member.machineID.description, role: member.role.description,
                    scopes: certificate.scopes.map(\.description), issuer: certificate.issuer.description,
                    issuedAt: certificate.issuedAt, expiresAt: certificate.expiresAt,
                    state: family.state(of: member.member),
                    thisDevice: member.machineID == installation.machineID,
                    callsItself: family.ownName(of: member.member))
            }.sorted { ($0.name, $0.member) < ($1.name, $1.member) },
            revoked: log.entries.map { revoked($0.entry) }, alerts: alerts)
    }

    private func revoked(_ entry: Revocation) -> MemberList.Revoked {
        var revoked = MemberList.Revoked(
            member: entry.target.description, author: entry.author.description, reason: entry.reason, at: entry.at)
        let name = family.name(of: entry.target)
        revoked.name = name == revoked.member ? nil : name
        return revoked
    }

    /// What honest devices never show, a line each.
    var alerts: [String] {
        installation.revocations.current.alerts
            + family.roster.forked.sorted().map {
                "\(family.name(of: $0)) rotated one key twice: it is refused, revoke it"
            }
    }
}

extension RevocationLog {
    /// What an honest log never shows, a line each.
    var alerts: [String] {
        forks.map {
            "\($0.author) revoked twice in one place (\($0.seq)): two devices spoke for it at once, or its key is in other hands"
        }
            + gaps.map { "entry \($0.seq) of \($0.author) is withheld by somebody" }
    }
}
