import KinCrypto
import KinEncoding
import KinIdentity
import KinWire
import Logging

// Makes keys, and gives them to those who may have them.

extension KeyExchange {
    /// Where nobody has minted yet, or whoever had the key before has to.
    func mintIfDue(_ topic: TopicName) {
        guard let record = book.record(topic), record.joined, record.allows(me), record.current == nil,
            record.minEpoch == 0 || record.ring.highest > 0, now() >= mintAgainAt[topic] ?? 0,
            minting.insert(topic).inserted
        else { return }
        Task {
            var isMinted = false
            do {
                try await mint(topic)
                isMinted = true
            } catch {
                logger.warning(
                    "topic_key_not_minted",
                    metadata: ["topic": .string("\(topic)"), "error": .string("\(error)")])
            }
            queue.async { [self, isMinted] in
                minting.remove(topic)
                mintAgainAt[topic] = now() + (isMinted ? Self.mintPauses.done : Self.mintPauses.failed)
            }
        }
    }

    /// Until the next of the same topic, milliseconds: a broker that calls each stale is not to have keys made without end.
    private static let mintPauses: (done: Int64, failed: Int64) = (1_000, 5_000)

    /// Makes a key that only those get who are in the topic now.
    /// - Throws: where the broker does not say who they are, or the key cannot be written.
    func mint(_ topic: TopicName) async throws {
        guard let record = book.record(topic) else { throw TopicBroker.unknown(topic) }
        let isWanted = record.current == nil && record.minEpoch > record.ring.highest
        let counter = isWanted ? max(record.minEpoch, 1) : record.nextEpoch
        let members = try await broker.members(of: topic)
        // First the broker: from then on nobody posts with a key that those who left have.
        try await broker.ask { .topicRekey(TopicRekey(request: $0, topic: topic, counter: counter)) }
        let key = TopicKey(
            epoch: Epoch(counter: counter, minter: me.member), key: .random(count: 32), from: me.member, at: now())
        let isKept = try book.change(topic) { $0.ring.add(key, keeping: broker.epochsKept) }
        guard isKept else { return }
        give([key], of: topic, to: members)
        logger.notice(
            "topic_key_minted", metadata: ["topic": .string("\(topic)"), "counter": .stringConvertible(counter)])
        metrics.topicKeysMinted.add()
        has(topic, [key.epoch])
    }

    /// Gives the keys in use to members that have just been let in.
    func welcome(_ members: [ULID], to topic: TopicName) {
        guard let key = book.record(topic)?.current else { return }
        give([key], of: topic, to: members)
    }

    func give(_ keys: [TopicKey], of topic: TopicName, to members: [ULID]) {
        guard let record = book.record(topic) else { return }
        let body = TopicKeys(of: record, keys).canonicalBytes()
        for id in members where id != me.member {
            guard let member = family.member(id), mayHave(member, record) else { continue }
            mail.send(TopicKeys.contentType, body, to: .dm(id))
        }
    }

    func has(_ topic: TopicName, _ epochs: [Epoch]) {
        queue.async { [self] in
            for epoch in epochs { quest.found(KeyQuest.Want(topic: topic, epoch: epoch)) }
            if book.record(topic)?.current != nil { quest.found(KeyQuest.Want(topic: topic)) }
            tell(topic, epochs)
        }
    }
}
