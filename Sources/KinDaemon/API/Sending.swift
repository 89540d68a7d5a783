import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinWire

/// Takes requests to send: all checks first, so that a refused request consumes nothing; then one durable transaction.
struct Sending: Sendable {
    let acceptance: Acceptance
    let family: Family

    /// - Throws: `KinError`, its code as in docs/protocol/local-api.md.
    func send(_ request: SendRequest) async throws -> SendAnswer {
        switch try await acceptance.accept(outboxRequest(request)) {
        case .queued(let row, let isNew):
            return SendAnswer(
                clientMessageID: row.clientMessageID, status: .queued, duplicate: !isNew, brokerMessageID: nil)
        case .finished(let row):
            return SendAnswer(
                clientMessageID: row.clientMessageID, status: row.state, duplicate: true,
                brokerMessageID: row.brokerMessageID)
        case .conflict(let row, let matches): throw conflict(row, matches)
        }
    }

    private func outboxRequest(_ request: SendRequest) throws -> OutboxRequest {
        if request.to.hasPrefix("#") || request.to == "all" {
            throw KinError("topics_unavailable", "topics are not built yet: name a device", category: .usage)
        }
        let recipient = try family.resolve(request.to)
        let wanted = acceptance.request(
            try request.clientMessageID ?? acceptance.freshID(),
            OutboxRow.Lane(destination: .dm(recipient.member), priority: request.priority),
            OutboxRow.Content(body: request.message, meta: request.meta, replyTo: request.replyTo),
            expiresIn: request.expiresIn)
        try acceptance.checkSize(wanted)
        return wanted
    }

    private func conflict(_ row: OutboxRow, _ matches: Bool) -> KinError {
        let state = row.status.rawValue
        let match = matches ? "match" : "mismatch"
        let reason = matches ? "that message is \(state)" : "it belongs to another message"
        return KinError(
            "outbox_\(state)_fingerprint_\(match)", "the id \(row.clientMessageID) is taken: \(reason). Use another id",
            category: .conflict, detail: ["stored_fingerprint": .string(Hex.encode(row.fingerprint.prefix(8)))])
    }
}
