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

    /// - Throws: where a topic's file cannot be read.
    init(_ installation: Installation, logger: Logger) throws {
        self.installation = installation
        self.logger = logger
        let kept = installation.isEphemeral ? [] : try TopicFile.readAll(installation.state)
        // Keys of the mesh before the wallet changed are of no use here.
        let records = kept.filter { $0.mesh == installation.mesh }
        self.records = Mutex(Dictionary(records.map { ($0.topic, $0) }) { first, _ in first })
    }

    func record(_ topic: TopicName) -> TopicRecord? { records.withLock { $0[topic] } }

    var all: [TopicRecord] {
        records.withLock { $0.values.sorted { $0.topic.description < $1.topic.description } }
    }

    /// Changes what is known of a topic.
    /// - Throws: where that cannot be written; then nothing has changed.
    @discardableResult
    func change<T>(_ topic: TopicName, _ body: (inout TopicRecord) -> T) throws -> T {
        try records.withLock { records in
            let known = records[topic]
            var record = known ?? TopicRecord(topic: topic, mesh: installation.mesh)
            let result = body(&record)
            guard record != known else { return result }
            if !installation.isEphemeral { try TopicFile.write(record, in: installation.state) }
            records[topic] = record
            return result
        }
    }

    /// As `change`, of what the broker tells again: where it cannot be written it holds while this process lives.
    func note(_ topic: TopicName, _ body: (inout TopicRecord) -> Void) {
        do { try change(topic, body) } catch {
            logger.error("topic_unwritable", metadata: ["topic": .string("\(topic)"), "error": .string("\(error)")])
            records.withLock { records in
                var record = records[topic] ?? TopicRecord(topic: topic, mesh: installation.mesh)
                body(&record)
                records[topic] = record
            }
        }
    }

    /// Somebody was revoked: whoever it was may have keys of any topic.
    func retireKeys() {
        for record in all where record.ring.highest > 0 { note(record.topic) { $0.retireKeys() } }
    }
}
