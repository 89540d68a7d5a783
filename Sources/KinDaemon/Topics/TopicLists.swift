import KinEncoding
import KinIdentity
import KinWire

/// The lists of private topics: judges them, whoever brings them, and knows which this device is to sign again.
struct TopicLists: Sendable {
    let installation: Installation
    let book: TopicBook
    let family: Family
    /// Milliseconds.
    let now: @Sendable () -> Int64

    /// Why a list is not believed, besides `TopicFault`.
    enum Disbelief: String, Error {
        /// A private topic does not become everybody's.
        case opened
        /// One that everybody could join, and that this device has keys of, does not become private.
        case closed
        /// It is of a topic that somebody else made.
        case another
        case notNamed = "not_named"
    }

    /// Whether it is as one who may say it has signed, and of no other topic than the one known.
    /// - Parameter proof: nil: the topic is said to have none.
    /// - Throws: `Disbelief`, `TopicFault`.
    func check(_ topic: TopicName, _ proof: TopicProof?) throws {
        let known = book.record(topic)
        guard let proof else {
            guard known?.proof == nil else { throw Disbelief.opened }
            return
        }
        if proof == known?.proof { return }
        guard topic != .everybody, known == nil || known?.proof != nil || known?.ring.highest == 0 else {
            throw Disbelief.closed
        }
        let signer = try proof.verify(in: installation.mesh, revocations: installation.revocations, now: now())
        guard signer.chain.mayReplace(family.known(signer.member)) else { throw TopicFault.signerInvalid }
        if let list = known?.proof?.list, list.creator != proof.list.creator { throw Disbelief.another }
        guard proof.list.members.contains(installation.chain.member) else { throw Disbelief.notNamed }
    }

    /// The same of a list that a member brings with a key. One that he signed himself counts only if he is an owner: whoever is about to be taken off might
    /// plant it where nobody else hears of it.
    func checkBrought(_ topic: TopicName, _ proof: TopicProof?, by member: VerifiedMember) throws {
        try check(topic, proof)
        guard let proof, proof != book.record(topic)?.proof else { return }
        guard proof.list.member != member.member || member.role == .owner else { throw TopicFault.notEntitled }
    }

    /// The list of a topic, signed again by this device: whoever signed it has taken another key since, or is no member any more, and nobody who comes
    /// later would believe it.
    /// - Returns: nil where it holds, or another has to do it.
    func renewed(_ record: TopicRecord) -> TopicProof? {
        guard let proof = record.proof, !stands(proof.signer) else { return nil }
        let (me, list) = (installation.chain, proof.list)
        guard list.members.contains(me.member), TopicRights.allowSetting(me.certificate, after: list) else {
            return nil
        }
        let revoked = installation.revocations.verdicts
        let members = list.members.filter { id in
            family.sender(id).map { !isRevoked($0.chain) } ?? !revoked.isNamed(id)
        }
        return installation.topicProof(list.topic, members: members, after: list, now: now())
    }

    /// Whether the chain is the one in force of a member.
    private func stands(_ signer: Chain) -> Bool {
        if signer.member == installation.chain.member { return signer == installation.chain }
        if isRevoked(signer) { return false }
        guard let known = family.member(signer.member) else { return true }
        return !known.hasEnded(by: now()) && signer.mayReplace(known.chain)
    }

    private func isRevoked(_ chain: Chain) -> Bool {
        !installation.revocations.current.entries(revoking: chain).isEmpty
    }
}
