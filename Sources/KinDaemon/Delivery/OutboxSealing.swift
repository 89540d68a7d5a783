import KinClient
import KinEncoding
import KinIdentity
import KinMailbox
import KinSession
import KinWire

/// Seals rows of the outbox for their recipients as they are known when they leave.
struct OutboxSealing: Sendable {
    /// Why a row cannot be sent; the raw value is what its sender is told.
    enum Fault: String, Error {
        case expired, tooOld = "max_age", unknownRecipient = "unknown_recipient", tooLarge = "too_large"
        case revoked = "member_revoked"
        /// A post, and there is no key to seal it with.
        case keyMissing = "pending_key"
        case notJoined = "not_joined"
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
    let name: DeviceName
    let me: VerifiedMember
    let revocations: RevocationLedger
    let limits: OutboxSettings

    /// - Parameter now: milliseconds.
    func sealed(_ row: OutboxRow, _ features: NegotiatedFeatures, now: Int64) throws(Fault) -> Sealed {
        if let expiresAt = row.expiresAt, expiresAt <= now { throw .expired }
        if now - row.enqueuedAt > maxAge(features) { throw .tooOld }
        let message = row.message(
            mesh: me.chain.certificate.mesh, sender: me.member, senderName: name, revocationHead: revocations.head)
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
        guard let member = family.member(recipient) else {
            throw revocations.verdicts.isNamed(recipient) ? .revoked : .unknownRecipient
        }
        guard let body = try? sealer.seal(message, for: member) else { throw .unknownRecipient }
        return body
    }

    /// Milliseconds. A broker with a window that is too short was refused before.
    func maxAge(_ features: NegotiatedFeatures) -> Int64 {
        limits.age.milliseconds(window: features.dedupeWindowHours)
            ?? OutboxAge().milliseconds(window: features.dedupeWindowHours) ?? 0
    }
}
