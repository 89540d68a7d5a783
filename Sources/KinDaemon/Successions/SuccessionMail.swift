import KinCrypto
import KinEncoding
import KinIdentity
import KinMailbox
import KinSession
import KinWire

/// Tells devices of a new wallet by messages in the durable outbox, behind everything that waits for them.
struct SuccessionMail: Sendable {
    let outbox: OutboxStore
    let keys: DeviceKeys
    let me: VerifiedMember
    let name: DeviceName
    let inlineBytes: @Sendable () -> Int
    let accepted: @Sendable (OutboxRow) -> Void
    /// Milliseconds.
    let now: @Sendable () -> Int64

    func freshID() throws -> ClientMessageID {
        let ulid = ULID(milliseconds: now(), randomness: Random.bytes(10))
        guard let id = ClientMessageID(ulid.description) else { throw KinError("id_invalid", "no id could be made") }
        return id
    }

    /// - Throws: `message_too_large` where the broker would not take it.
    func checkSize(of bundle: SuccessionBundle, _ id: ClientMessageID) throws {
        let request = request(bundle, id)
        let row = OutboxRow(
            clientMessageID: id, fingerprint: request.fingerprint, lane: request.lane,
            line: [UInt8](repeating: 0, count: 8), seq: 1 << 52, content: request.content, expiresAt: nil,
            enqueuedAt: request.enqueuedAt, status: .pending)
        let size = DirectSealer.sealedCount(
            of: row.message(mesh: me.chain.certificate.mesh, sender: me.member, senderName: name))
        guard size <= inlineBytes() else {
            throw KinError(
                "message_too_large", "a certificate takes \(size) bytes sealed, and the limit is \(inlineBytes())",
                category: .tooLarge)
        }
    }

    /// Takes a message into the outbox, unless it is there.
    func queue(_ bundle: SuccessionBundle, _ id: ClientMessageID) async throws {
        _ = try await outbox.accept(request(bundle, id), committed: accepted)
    }

    /// Whether the broker has it, or never will.
    func isDone(_ id: ClientMessageID) throws -> Bool? {
        try outbox.row(id).map { $0.status != .pending }
    }

    private func request(_ bundle: SuccessionBundle, _ id: ClientMessageID) -> OutboxRequest {
        let body = bundle.canonicalBytes()
        let lane = OutboxRow.Lane(destination: .dm(bundle.chain.member), priority: .low)
        let fingerprint = keys.fingerprint(
            of: RequestFacts(
                clientMessageID: id, destination: lane.destination, replyTo: nil, priority: lane.priority,
                mentions: nil, expiresIn: nil, meta: nil, bodySHA256: Digest.sha256(body)))
        let content = OutboxRow.Content(
            body: String(decoding: body, as: UTF8.self), contentType: SuccessionBundle.contentType)
        return OutboxRequest(
            clientMessageID: id, fingerprint: fingerprint, lane: lane, content: content, expiresAt: nil,
            enqueuedAt: now())
    }
}
