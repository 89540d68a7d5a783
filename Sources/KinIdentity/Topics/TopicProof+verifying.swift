import KinCrypto
import KinEncoding
import KinWire

extension TopicProof {
    /// Whether one who may say it says who is in the topic.
    /// - Parameters:
    ///   - revocations: of `mesh`.
    ///   - now: milliseconds.
    /// - Returns: the member that signed.
    @discardableResult
    public func verify(
        in mesh: MeshID, revocations: RevocationLedger? = nil, now: Int64
    ) throws(TopicFault) -> VerifiedMember {
        guard list.mesh == mesh else { throw .wrongMesh }
        guard signer.member == list.member,
            let member = try? ChainVerifier(mesh: mesh, revocations: revocations).verify(signer, now: now)
        else { throw .signerInvalid }
        guard TopicRights.allowSetting(signer.certificate, after: list) else { throw .notEntitled }
        guard list.at <= now + StatementLimits.maxAhead, list.at >= signer.certificate.issuedAt else {
            throw .wrongTime
        }
        guard member.currentKeySigned(list.unsignedBytes(), signature: list.signature, domain: TopicList.domain) else {
            throw .badSignature
        }
        return member
    }
}

extension Installation {
    /// A list signed by this device.
    /// - Parameters:
    ///   - known: the list before; nil: this device makes the topic.
    ///   - now: milliseconds.
    public func topicProof(_ topic: TopicName, members: [ULID], after known: TopicList?, now: Int64) -> TopicProof {
        let seq = min((known?.seq ?? 0) + 1, Fields.maxInteger)
        let at = seq == known?.seq ? max(now, (known?.at ?? 0) + 1) : now
        let list = TopicList(
            mesh: mesh, topic: topic, creator: known?.creator ?? chain.member, seq: seq, members: members,
            member: chain.member, at: at)
        return TopicProof(list: list.signed(by: keys.signing), signer: chain)
    }
}
