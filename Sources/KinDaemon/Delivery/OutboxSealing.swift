import KinClient
import KinEncoding
import KinIdentity
import KinMailbox
import KinSession
import KinWire

/// Seals rows of the outbox for their recipients as they are known when they leave.
struct OutboxSealing: Sendable {
    /// Why a row cannot be sent; the raw value is what its sender is told.
    enum Fault: Error {
        case expired, tooOld, unknownRecipient, tooLarge, revoked
        /// A post, and there is no key to seal it with.
        case keyMissing
        case notJoined
        /// Its content is not at the server yet; why.
        case notUploaded(String)
        case uploadRefused(String)

        /// What its sender is told.
        var code: String {
            switch self {
            case .expired: "expired"
            case .tooOld: "max_age"
            case .unknownRecipient: "unknown_recipient"
            case .tooLarge: "too_large"
            case .revoked: "member_revoked"
            case .keyMissing: "pending_key"
            case .notJoined: "not_joined"
            case .notUploaded(let code), .uploadRefused(let code): code
            }
        }
    }

    /// A row as it leaves.
    struct Sealed {
        var body: [UInt8]
        /// Of a post.
        var epoch: Epoch?
    }

    let sealer: DirectSealer
    let topicSealer: TopicSealer
    let topics: TopicBook
    let family: Family
    let name: OwnName
    let me: VerifiedMember
    let revocations: RevocationLedger
    let limits: OutboxSettings
    let uploads: EnclosureUploads

    /// - Parameter now: milliseconds.
    func sealed(_ row: OutboxRow, _ features: NegotiatedFeatures, now: Int64) throws(Fault) -> Sealed {
        if let expiresAt = row.expiresAt, expiresAt <= now { throw .expired }
        if now - row.enqueuedAt > maxAge(features) { throw .tooOld }
        let whole = message(row)
        if fits(whole, row, features.inlineBytes) { return try seal(whole, row, features) }
        guard row.mayBeEnclosed else { throw .tooLarge }
        try checkDestination(of: row)
        switch uploads.standing(of: row) {
        case .ready(let enclosure): return try seal(message(row.enclosing(enclosure)), row, features)
        case .pending(let code): throw .notUploaded(code)
        case .refused(let code): throw .uploadRefused(code)
        }
    }

    /// Before anything is brought to the server for it.
    private func checkDestination(of row: OutboxRow) throws(Fault) {
        switch row.lane.destination {
        case .dm(let recipient): _ = try member(recipient)
        case .topic(let topic): guard topics.record(topic)?.joined == true else { throw .notJoined }
        }
    }

    private func message(_ row: OutboxRow) -> SealedMessage {
        row.message(
            mesh: me.chain.certificate.mesh, sender: me.member, senderName: name.current,
            revocationHead: revocations.head)
    }

    /// JSON makes at most six bytes of one; what is far below the limit, or above it, need not be measured.
    private func fits(_ message: SealedMessage, _ row: OutboxRow, _ limit: Int) -> Bool {
        let count = row.content.body.utf8.count
        if count * 6 + 16_384 < limit && row.content.meta == nil { return true }
        return count <= limit && DirectSealer.sealedCount(of: message) <= limit
    }

    private func seal(
        _ message: SealedMessage, _ row: OutboxRow, _ features: NegotiatedFeatures
    ) throws(Fault) -> Sealed {
        let sealed =
            switch row.lane.destination {
            case .dm(let recipient): Sealed(body: try seal(message, for: recipient))
            case .topic(let topic): try seal(message, to: topic)
            }
        guard sealed.body.count <= features.inlineBytes else { throw .tooLarge }
        return sealed
    }

    private func seal(_ message: SealedMessage, to topic: TopicName) throws(Fault) -> Sealed {
        guard let record = topics.record(topic), record.joined else { throw .notJoined }
        guard let key = record.current, let body = try? topicSealer.seal(message, to: topic, with: key) else {
            throw .keyMissing
        }
        return Sealed(body: body, epoch: key.epoch)
    }

    private func seal(_ message: SealedMessage, for recipient: ULID) throws(Fault) -> [UInt8] {
        let member = try member(recipient)
        guard let body = try? sealer.seal(message, for: member) else { throw .unknownRecipient }
        return body
    }

    private func member(_ recipient: ULID) throws(Fault) -> VerifiedMember {
        guard let member = family.member(recipient) else {
            throw revocations.verdicts.isNamed(recipient) ? .revoked : .unknownRecipient
        }
        return member
    }

    /// Milliseconds. A broker with a window that is too short was refused before.
    func maxAge(_ features: NegotiatedFeatures) -> Int64 {
        limits.age.milliseconds(window: features.dedupeWindowHours)
            ?? OutboxAge().milliseconds(window: features.dedupeWindowHours) ?? 0
    }
}
