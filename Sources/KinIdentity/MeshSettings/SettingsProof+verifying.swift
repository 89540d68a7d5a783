import KinCrypto
import KinEncoding
import KinWire

extension SettingsProof {
    /// Whether an owner device of `mesh` says it.
    /// - Parameters:
    ///   - revocations: of `mesh`.
    ///   - now: milliseconds.
    /// - Returns: the device that signed.
    @discardableResult
    public func verify(
        in mesh: MeshID, revocations: RevocationLedger? = nil, now: Int64
    ) throws(SettingsFault) -> VerifiedMember {
        guard settings.mesh == mesh else { throw .wrongMesh }
        guard owner.member == settings.member,
            let signer = try? ChainVerifier(mesh: mesh, revocations: revocations).verify(owner, now: now)
        else { throw .ownerInvalid }
        guard signer.role == .owner else { throw .notAnOwner }
        guard settings.at <= now + StatementLimits.maxAhead, settings.at >= owner.certificate.issuedAt else {
            throw .wrongTime
        }
        guard
            signer.currentKeySigned(
                settings.unsignedBytes(), signature: settings.signature, domain: MeshSettings.domain)
        else { throw .badSignature }
        return signer
    }
}

extension MeshSettings {
    /// Whether these hold where both are valid.
    public func isNewer(than other: MeshSettings) -> Bool {
        if seq != other.seq { return seq > other.seq }
        if at != other.at { return at > other.at }
        return other.hash.lexicographicallyPrecedes(hash)
    }

    /// What comes after `known`, unsigned.
    /// - Parameter now: milliseconds.
    public static func next(
        after known: MeshSettings?, in mesh: MeshID, concurrentPolicy: ConcurrentPolicy, by member: ULID, now: Int64
    ) -> MeshSettings {
        // Numbers end somewhere; from there on the time decides.
        let seq = min((known?.seq ?? 0) + 1, Fields.maxInteger)
        let at = seq == known?.seq ? max(now, (known?.at ?? 0) + 1) : now
        return MeshSettings(mesh: mesh, seq: seq, concurrentPolicy: concurrentPolicy, member: member, at: at)
    }
}
