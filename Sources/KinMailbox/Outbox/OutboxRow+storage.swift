import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

extension OutboxRow {
    static let columnNames = [
        "client_message_id", "request_fingerprint", "kind", "ref", "priority", "line", "seq", "payload", "expires_at",
        "enqueued_at", "status", "last_error", "relayed_at", "delivered_at", "read_at", "broker_message_id",
        "refused_at", "refused_reason", "id", "attempts", "next_attempt_at", "aborted_at", "aborted_by",
        "superseded_by", "pruned_at",
    ]
    static let columns = columnNames.joined(separator: ", ")

    /// - Throws: `StoreError`, `corrupt`, whatever the columns hold.
    init(_ row: Row) throws {
        do {
            try self.init(decoding: row)
        } catch let error as StoreError {
            throw error
        } catch {
            throw Self.damaged
        }
    }

    private static let damaged = StoreError(.corrupt, "a row of the outbox is damaged")

    private init(decoding row: Row) throws {
        guard let id = ClientMessageID(try row.decode(forColumn: "client_message_id")),
            let destination = Destination(
                kind: try row.decode(forColumn: "kind"), ref: try row.decode(forColumn: "ref")),
            let priority = Priority(rank: try row.decode(forColumn: "priority")),
            let status = Status(rawValue: try row.decode(forColumn: "status"))
        else { throw Self.damaged }
        let fingerprint: Data = try row.decode(forColumn: "request_fingerprint")
        let line: Data = try row.decode(forColumn: "line")
        let payload: Data = try row.decode(forColumn: "payload")
        self.init(
            clientMessageID: id, fingerprint: [UInt8](fingerprint),
            lane: Lane(destination: destination, priority: priority), line: [UInt8](line),
            seq: try row.decode(forColumn: "seq"), content: try Content(payload: [UInt8](payload)),
            expiresAt: try row.decode(forColumn: "expires_at"), enqueuedAt: try row.decode(forColumn: "enqueued_at"),
            status: status, lastError: try row.decode(forColumn: "last_error"),
            relayedAt: try row.decode(forColumn: "relayed_at"), deliveredAt: try row.decode(forColumn: "delivered_at"),
            readAt: try row.decode(forColumn: "read_at"),
            brokerMessageID: try row.decode(forColumn: "broker_message_id"))
        self.id = try row.decode(forColumn: "id")
        attempts = try row.decode(forColumn: "attempts")
        nextAttemptAt = try row.decode(forColumn: "next_attempt_at")
        refusedAt = try row.decode(forColumn: "refused_at")
        refusedReason = try row.decode(forColumn: "refused_reason")
        abortedAt = try row.decode(forColumn: "aborted_at")
        abortedBy = try row.decode(forColumn: "aborted_by")
        supersededBy = (try row.decode(String?.self, forColumn: "superseded_by")).flatMap { ClientMessageID($0) }
        prunedAt = try row.decode(forColumn: "pruned_at")
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
