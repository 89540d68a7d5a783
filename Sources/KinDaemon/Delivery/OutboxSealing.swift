import KinClient
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
    }

    let sealer: DirectSealer
    let family: Family
    let name: DeviceName
    let me: VerifiedMember
    let revocations: RevocationLedger
    let limits: OutboxSettings

    /// - Parameter now: milliseconds.
    func sealed(_ row: OutboxRow, _ features: NegotiatedFeatures, now: Int64) throws(Fault) -> [UInt8] {
        if let expiresAt = row.expiresAt, expiresAt <= now { throw .expired }
        if now - row.enqueuedAt > maxAge(features) { throw .tooOld }
        guard case .dm(let recipient) = row.lane.destination else { throw .unknownRecipient }
        guard let member = family.member(recipient) else {
            throw revocations.verdicts.isNamed(recipient) ? .revoked : .unknownRecipient
        }
        let message = row.message(
            mesh: me.chain.certificate.mesh, sender: me.member, senderName: name, revocationHead: revocations.head)
        guard let body = try? sealer.seal(message, for: member) else { throw .unknownRecipient }
        guard body.count <= features.inlineBytes else { throw .tooLarge }
        return body
    }

    /// Milliseconds. A broker with a window that is too short was refused before.
    func maxAge(_ features: NegotiatedFeatures) -> Int64 {
        limits.age.milliseconds(window: features.dedupeWindowHours)
            ?? OutboxAge().milliseconds(window: features.dedupeWindowHours) ?? 0
    }
}
