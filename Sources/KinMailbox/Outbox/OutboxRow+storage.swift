import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

extension OutboxRow {
    static let columns = """
        client_message_id, request_fingerprint, kind, ref, priority, line, seq, payload, expires_at, enqueued_at,
        status, last_error, relayed_at, delivered_at, read_at, broker_message_id, refused_at, refused_reason, id,
        attempts, next_attempt_at, aborted_at, aborted_by, superseded_by, pruned_at
        """

    init(_ row: Row) throws {
        guard let id = ClientMessageID(row["client_message_id"]),
            let destination = Destination(kind: row["kind"], ref: row["ref"]),
            let priority = Priority(rank: row["priority"]), let status = Status(rawValue: row["status"])
        else { throw StoreError(.corrupt, "a row of the outbox is damaged") }
        let fingerprint: Data = row["request_fingerprint"]
        let line: Data = row["line"]
        let payload: Data = row["payload"]
        self.init(
            clientMessageID: id, fingerprint: [UInt8](fingerprint),
            lane: Lane(destination: destination, priority: priority), line: [UInt8](line), seq: row["seq"],
            content: try Content(payload: [UInt8](payload)), expiresAt: row["expires_at"],
            enqueuedAt: row["enqueued_at"], status: status, lastError: row["last_error"],
            relayedAt: row["relayed_at"], deliveredAt: row["delivered_at"], readAt: row["read_at"],
            brokerMessageID: row["broker_message_id"])
        self.id = row["id"]
        attempts = row["attempts"]
        nextAttemptAt = row["next_attempt_at"]
        refusedAt = row["refused_at"]
        refusedReason = row["refused_reason"]
        abortedAt = row["aborted_at"]
        abortedBy = row["aborted_by"]
        supersededBy = (row["superseded_by"] as String?).flatMap { ClientMessageID($0) }
        prunedAt = row["pruned_at"]
    }
}

extension OutboxRow.Content {
    /// The form of the `payload` column: canonical JSON; members that do not apply are absent.
    var payload: [UInt8] {
        var members: [String: JSON] = ["body": .string(body), "content_type": .string(contentType)]
        members["meta"] = meta
        members["reply_to"] = replyTo.map { .string($0.description) }
        members["mentions"] = mentions.map { .array($0.map { .string($0.description) }) }
        return JSON.object(members).canonicalBytes()
    }

    init(payload: [UInt8]) throws {
        guard case .object(let members)? = try? JSON.parse(payload), case .string(let body)? = members["body"],
            case .string(let contentType)? = members["content_type"]
        else { throw StoreError(.corrupt, "a payload in the outbox is damaged") }
        var replyTo: ClientMessageID?
        if case .string(let text)? = members["reply_to"] { replyTo = ClientMessageID(text) }
        var mentions: [DeviceName]?
        if case .array(let names)? = members["mentions"] {
            mentions = names.compactMap { if case .string(let name) = $0 { DeviceName(name) } else { nil } }
        }
        self.init(
            body: body, contentType: contentType, meta: members["meta"], replyTo: replyTo, mentions: mentions)
    }
}
