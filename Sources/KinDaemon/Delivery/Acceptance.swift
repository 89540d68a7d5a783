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
    let name: OwnName
    /// The broker's limit for one sealed message.
    let inlineBytes: @Sendable () -> Int
    /// Its limit for one sealed file, once it said so.
    let blobBytes: @Sendable () -> Int64?
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

    /// The sealed form must fit the broker's limit, or what is large in it travel as a sealed file.
    /// - Throws: `message_too_large`.
    func checkSize(_ wanted: OutboxRequest) throws {
        let limit = inlineBytes()
        // JSON makes at most six bytes of one; what is far below the limit need not be measured.
        if wanted.content.body.utf8.count * 6 + 16_384 < limit && wanted.content.meta == nil { return }
        let row = OutboxRow(
            clientMessageID: wanted.clientMessageID, fingerprint: wanted.fingerprint, lane: wanted.lane,
            line: [UInt8](repeating: 0, count: 8), seq: 1 << 52, content: wanted.content, expiresAt: wanted.expiresAt,
            enqueuedAt: wanted.enqueuedAt, status: .pending)
        let size = sealedCount(of: row)
        if size <= limit { return }
        guard row.mayBeEnclosed else { throw Self.tooLarge(Int64(size), Int64(limit), "send it in parts") }
        let content = Int64(row.enclosed.canonicalBytes().count)
        let sealed = SealedFileForm(size: content).sealedSize
        let most = min(SealedFileForm(size: Enclosure.maxBytes).sealedSize, blobBytes() ?? .max)
        guard sealed <= most else {
            throw Self.tooLarge(sealed, most, "share it as a file, with  kin share")
        }
        let reference = Enclosure(
            file: me.member, size: content, sha256: [UInt8](repeating: 0, count: 32),
            key: [UInt8](repeating: 0, count: 32))
        let around = sealedCount(of: row.enclosing(reference))
        guard around <= limit else {
            throw Self.tooLarge(Int64(around), Int64(limit), "share it as a file, with  kin share")
        }
    }

    private func sealedCount(of row: OutboxRow) -> Int {
        DirectSealer.sealedCount(
            of: row.message(mesh: me.chain.certificate.mesh, sender: me.member, senderName: name.current))
    }

    private static func tooLarge(_ size: Int64, _ limit: Int64, _ advice: String) -> KinError {
        KinError(
            "message_too_large", "the message takes \(size) bytes sealed, and the limit is \(limit): \(advice)",
            category: .tooLarge, detail: ["limit": .integer(limit), "size": .integer(size)])
    }

    /// One durable transaction.
    func accept(_ request: OutboxRequest) async throws -> AcceptOutcome {
        try await outbox.accept(request, committed: accepted)
    }
}
