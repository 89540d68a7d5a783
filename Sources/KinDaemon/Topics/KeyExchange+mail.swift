import Dispatch
import KinCrypto
import KinEncoding
import KinIdentity
import KinWire

// What members say to each other about keys.

extension KeyExchange {
    /// - Returns: whether it was understood, from one who may say it.
    func received(_ message: SealedMessage, from member: VerifiedMember) -> Bool {
        let body = Array(message.body.utf8)
        switch message.contentType {
        case TopicKeysGet.contentType:
            guard let get = try? TopicKeysGet(canonical: body) else { return false }
            queue.async { [self] in answer(get, member) }
        case TopicKeys.contentType:
            guard let keys = try? TopicKeys(canonical: body), isOfTheList(keys, member) else { return false }
            take(keys, from: member.member)
        default: return false
        }
        return true
    }

    /// Takes in the list that keys come with: a broker might keep it back, and whoever has a key answers those who may have it.
    /// - Returns: whether their sender may give keys.
    private func isOfTheList(_ told: TopicKeys, _ member: VerifiedMember) -> Bool {
        // Only the broker tells a device that a topic is private: a member could make it so for one alone.
        guard let known = book.record(told.topic), (known.proof == nil) == (told.proof == nil) else { return false }
        let isBelieved: Bool
        do {
            try lists.checkBrought(told.topic, told.proof, by: member)
            if let proof = told.proof { book.note(told.topic) { $0.take(proof) } }
            isBelieved = true
        } catch {
            isBelieved = false
        }
        guard let record = book.record(told.topic), mayHave(member, record) else { return false }
        // It has not heard of the newer one.
        if let proof = record.proof, let told = told.proof, proof.follows(told) {
            queue.async { [self] in tellList(of: record, to: member.member) }
        }
        return isBelieved
    }

    private func tellList(of record: TopicRecord, to member: ULID) {
        soon("list \(member) \(record.topic)") { [self] in
            guard let record = book.record(record.topic) else { return }
            mail.send(TopicKeys.contentType, TopicKeys(of: record, []).canonicalBytes(), to: .dm(member))
        }
    }

    /// Whether it reads and writes the topic now.
    func mayHave(_ member: VerifiedMember, _ record: TopicRecord) -> Bool {
        record.allows(member) && !member.hasEnded(by: now())
    }

    private func take(_ told: TopicKeys, from member: ULID) {
        guard !told.keys.isEmpty else {
            return queue.async { [self] in
                quest.none(from: member, of: told.topic)
                step()
            }
        }
        let keys = told.keys.map {
            TopicKey(epoch: $0.epoch, key: SecretBytes(copying: $0.key), from: member, at: now())
        }
        book.note(told.topic) { record in
            for key in keys where record.take(key, keeping: broker.epochsKept) {
                // By a list with members who were taken off since: what they have, too, seals nothing of this device's.
                if told.proof != record.proof { record.retireKeys(through: key.epoch.counter) }
            }
        }
        has(told.topic, keys.map(\.epoch))
    }

    /// Those in use; or that of an epoch, to whoever was a member when it came.
    private func answer(_ get: TopicKeysGet, _ member: VerifiedMember) {
        let epoch = "\(get.epoch?.counter ?? 0) \(get.epoch?.minter.description ?? "")"
        soon("\(member.member) \(get.topic) \(epoch)") { [self] in
            guard let record = book.record(get.topic), mayHave(member, record) else { return }
            var keys = record.current.map { [$0] } ?? []
            if let epoch = get.epoch {
                let isOfUse = { (key: TopicKey) in
                    key.epoch.counter >= record.minEpoch
                        || member.chain.certificate.issuedAt <= key.at && record.proof == nil
                }
                keys = record.ring.candidates(for: epoch).filter(isOfUse)
            }
            mail.send(TopicKeys.contentType, TopicKeys(of: record, keys).canonicalBytes(), to: .dm(member.member))
        }
    }

    /// On `queue`: says something at once; or, where it was said just before, once when that is a while ago.
    private func soon(_ answer: String, _ say: @escaping @Sendable () -> Void) {
        let time = now()
        var wait = max(0, (answered[answer] ?? 0) + Self.answerInterval - time)
        // The clock was set back.
        if wait > 2 * Self.answerInterval { wait = 0 }
        // It is about to be said.
        guard wait <= Self.answerInterval else { return }
        if answered.count >= Self.maxAnswered { answered.removeAll() }
        answered[answer] = time + wait
        guard wait > 0 else { return say() }
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(wait)), execute: say)
    }
}

extension TopicKeys {
    /// What is sent of keys.
    init(of record: TopicRecord, _ keys: [TopicKey]) {
        self.init(
            topic: record.topic, proof: record.proof,
            keys: keys.map { key in Entry(epoch: key.epoch, key: key.key.withBytes { Array($0) }) })
    }
}
