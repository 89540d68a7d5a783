import KinCrypto
import KinEncoding
import KinIdentity
import KinSession
import KinWire

/// Makes the messages that daemons send each other on their own account: sealed as every other, and in no outbox.
struct ControlMessage: Sendable {
    let sealer: DirectSealer
    let me: VerifiedMember
    let name: DeviceName
    let revocations: RevocationLedger
    let awaited: AwaitedAnswers

    /// The frame's header and sealed body.
    /// - Parameters:
    ///   - line: whose numbers `seq` counts.
    ///   - now: milliseconds.
    func make(
        _ contentType: String, _ body: [UInt8], to recipient: VerifiedMember, line: [UInt8], seq: Int64, now: Int64
    ) -> (send: Send, body: [UInt8])? {
        let ulid = ULID(milliseconds: now, randomness: Random.bytes(10))
        guard let id = ClientMessageID(ulid.description) else { return nil }
        let message = SealedMessage(
            mesh: me.chain.certificate.mesh, sender: me.member, senderName: name,
            recipient: recipient.member.description, clientMessageID: id, line: line, seq: seq, priority: .low,
            createdAt: now, contentType: contentType, body: String(decoding: body, as: UTF8.self),
            revocationHead: revocations.head)
        guard let sealed = try? sealer.seal(message, for: recipient) else { return nil }
        let send = Send(
            clientMessageID: id, requestFingerprint: Digest.sha256(Array(id.description.utf8)), line: line, seq: seq,
            destination: .dm(recipient.member), priority: .low)
        awaited.sent(id)
        return (send, sealed)
    }
}
