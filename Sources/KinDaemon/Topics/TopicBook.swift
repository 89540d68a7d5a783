import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// What this device knows of topics, and their keys: on disk before it is used.
final class TopicBook: Sendable {
    private let installation: Installation
    private let logger: Logger
    private let records: Mutex<[TopicName: TopicRecord]>

    /// - Parameter now: milliseconds.
    /// - Throws: where a topic's file cannot be read.
    init(_ installation: Installation, logger: Logger, now: Int64) throws {
        self.installation = installation
        self.logger = logger
        let kept = installation.isEphemeral ? [] : try TopicFile.readAll(installation.state)
        let records = kept.compactMap { record in
            record.mesh == installation.mesh ? record : Self.moved(record, installation, now: now)
        }
        self.records = Mutex(Dictionary(records.map { ($0.topic, $0) }) { first, _ in first })
        retireKeys()
    }

    /// A topic of the mesh before the wallet changed: this device was in it, and brings it along without its keys. The list of a private one is signed anew by who made it.
    private static func moved(_ record: TopicRecord, _ installation: Installation, now: Int64) -> TopicRecord? {
        guard record.joined, record.topic != .everybody else { return nil }
        var moved = TopicRecord(topic: record.topic, mesh: installation.mesh, joined: true)
        if let list = record.proof?.list {
            guard list.creator == installation.chain.member else { return nil }
            moved.proof = installation.topicProof(record.topic, members: list.members, after: nil, now: now)
        }
        return moved
    }

    func record(_ topic: TopicName) -> TopicRecord? { records.withLock { $0[topic] } }

    var count: Int { records.withLock { $0.count } }

    var all: [TopicRecord] {
        records.withLock { $0.values.sorted { $0.topic.description < $1.topic.description } }
    }

    /// Changes what is known of a topic.
    /// - Throws: where that cannot be written; then nothing has changed.
    @discardableResult
    func change<T>(_ topic: TopicName, _ body: (inout TopicRecord) -> T) throws -> T {
        try records.withLock { records in
            let known = records[topic]
            var record = known ?? fresh(topic)
            let result = body(&record)
            guard record != known else { return result }
            if !installation.isEphemeral {
                if record.isKept {
                    try TopicFile.write(record, in: installation.state)
                } else if known?.isKept == true {
                    try TopicFile.remove(topic, in: installation.state)
                }
            }
            records[topic] = record
            return result
        }
    }

    private func fresh(_ topic: TopicName) -> TopicRecord {
        var record = TopicRecord(topic: topic, mesh: installation.mesh)
        record.revocations = installation.revocations.head.hash
        return record
    }

    /// A topic that this device is not in, and may not see any more.
    func forget(_ topic: TopicName) {
        records.withLock { records in
            records[topic] = nil
            guard !installation.isEphemeral else { return }
            do { try TopicFile.remove(topic, in: installation.state) } catch {
                logger.error(
                    "topic_unwritable", metadata: ["topic": .string("\(topic)"), "error": .string("\(error)")])
            }
        }
    }

    /// As `change`, of what the broker tells again: where it cannot be written it holds while this process lives.
    func note(_ topic: TopicName, _ body: (inout TopicRecord) -> Void) {
        do { try change(topic, body) } catch {
            logger.error("topic_unwritable", metadata: ["topic": .string("\(topic)"), "error": .string("\(error)")])
            records.withLock { records in
                var record = records[topic] ?? fresh(topic)
                body(&record)
                records[topic] = record
            }
        }
    }

    /// Where somebody was revoked since a topic's keys were looked at last, before this start too: whoever it was may have them.
    func retireKeys() {
        let revocations = installation.revocations.head.hash
        for record in all where record.revocations != revocations {
            note(record.topic) { record in
                record.retireKeys()
                record.revocations = revocations
            }
        }
    }
}
