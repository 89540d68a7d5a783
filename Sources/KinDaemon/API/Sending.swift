import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinMailbox
import KinSession
import KinWire

/// Takes requests to send: all checks first, so that a refused request consumes nothing; then one durable transaction.
struct Sending: Sendable {
    let outbox: OutboxStore
    let family: Family
    let keys: DeviceKeys
    let me: VerifiedMember
    let name: DeviceName
    let inlineBytes: @Sendable () -> Int
    let accepted: @Sendable (OutboxRow) -> Void
    /// Milliseconds.
    let now: @Sendable () -> Int64

    /// - Throws: `KinError`, its code as in docs/protocol/local-api.md.
    func send(_ request: SendRequest) async throws -> SendAnswer {
        let time = now()
        let wanted = try outboxRequest(request, time)
        switch try await outbox.accept(wanted, committed: accepted) {
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

    private func outboxRequest(_ request: SendRequest, _ time: Int64) throws -> OutboxRequest {
        if request.to.hasPrefix("#") || request.to == "all" {
            throw KinError("topics_unavailable", "topics are not built yet: name a device", category: .usage)
        }
        let recipient = try family.resolve(request.to)
        let id = try request.clientMessageID ?? freshID(time)
        let lane = OutboxRow.Lane(destination: .dm(recipient.member), priority: request.priority)
        let content = OutboxRow.Content(body: request.message, meta: request.meta, replyTo: request.replyTo)
        let wanted = OutboxRequest(
            clientMessageID: id, fingerprint: fingerprint(of: request, id, lane), lane: lane, content: content,
            expiresAt: request.expiresIn.map { time + $0 }, enqueuedAt: time)
        try checkSize(wanted)
        return wanted
    }

    private func freshID(_ time: Int64) throws -> ClientMessageID {
        let ulid = ULID(milliseconds: time, randomness: Random.bytes(10))
        guard let id = ClientMessageID(ulid.description) else { throw KinError("id_invalid", "no id could be made") }
        return id
    }

    private func fingerprint(of request: SendRequest, _ id: ClientMessageID, _ lane: OutboxRow.Lane) -> [UInt8] {
        keys.fingerprint(
            of: RequestFacts(
                clientMessageID: id, destination: lane.destination, replyTo: request.replyTo, priority: lane.priority,
                mentions: nil, expiresIn: request.expiresIn, meta: request.meta,
                bodySHA256: Digest.sha256(Array(request.message.utf8))))
    }

    /// The sealed form must fit the broker's limit.
    private func checkSize(_ wanted: OutboxRequest) throws {
        let limit = inlineBytes()
        // JSON makes at most six bytes of one; what is far below the limit need not be measured.
        if wanted.content.body.utf8.count * 6 + 16_384 < limit && wanted.content.meta == nil { return }
        let row = OutboxRow(
            clientMessageID: wanted.clientMessageID, fingerprint: wanted.fingerprint, lane: wanted.lane,
            line: [UInt8](repeating: 0, count: 8), seq: 1 << 52, content: wanted.content, expiresAt: wanted.expiresAt,
            enqueuedAt: wanted.enqueuedAt, status: .pending)
        let message = row.message(mesh: me.chain.certificate.mesh, sender: me.member, senderName: name)
        let size = DirectSealer.sealedCount(of: message)
        guard size <= limit else {
            throw KinError(
                "message_too_large",
                "the message takes \(size) bytes sealed, and the limit is \(limit): send it in parts",
                category: .tooLarge, detail: ["limit": .integer(Int64(limit)), "size": .integer(Int64(size))])
        }
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
