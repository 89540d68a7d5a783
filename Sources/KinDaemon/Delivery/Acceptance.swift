import KinCrypto
import KinEncoding
import KinIdentity
import KinMailbox
import KinSession
import KinWire

/// Makes requests to the outbox, and hands them in.
struct Acceptance: Sendable {
    let outbox: OutboxStore
    let keys: DeviceKeys
    let me: VerifiedMember
    let name: DeviceName
    /// The broker's limit for one sealed message.
    let inlineBytes: @Sendable () -> Int
    /// Told of each new row once it is on disk.
    let accepted: @Sendable (OutboxRow) -> Void
    /// Milliseconds.
    let now: @Sendable () -> Int64

    func freshID() throws -> ClientMessageID {
        let ulid = ULID(milliseconds: now(), randomness: Random.bytes(10))
        guard let id = ClientMessageID(ulid.description) else { throw KinError("id_invalid", "no id could be made") }
        return id
    }

    /// - Parameter expiresIn: milliseconds.
    func request(
        _ id: ClientMessageID, _ lane: OutboxRow.Lane, _ content: OutboxRow.Content, expiresIn: Int64? = nil
    ) -> OutboxRequest {
        let time = now()
        let facts = RequestFacts(
            clientMessageID: id, destination: lane.destination, replyTo: content.replyTo, priority: lane.priority,
            mentions: content.mentions, expiresIn: expiresIn, meta: content.meta,
            bodySHA256: Digest.sha256(Array(content.body.utf8)))
        return OutboxRequest(
            clientMessageID: id, fingerprint: keys.fingerprint(of: facts), lane: lane, content: content,
            expiresAt: expiresIn.map { time + $0 }, enqueuedAt: time)
    }

    /// The sealed form must fit the broker's limit.
    /// - Throws: `message_too_large`.
    func checkSize(_ wanted: OutboxRequest) throws {
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

    /// One durable transaction.
    func accept(_ request: OutboxRequest) async throws -> AcceptOutcome {
        try await outbox.accept(request, committed: accepted)
    }
}
