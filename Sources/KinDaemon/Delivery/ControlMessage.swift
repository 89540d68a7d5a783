import KinCrypto
import KinEncoding
import KinIdentity
import KinSession
import KinWire

/// Makes the messages that daemons send each other on their own account: sealed as every other, and in no outbox.
struct ControlMessage: Sendable {
    let sealer: DirectSealer
    let topicSealer: TopicSealer
    let me: VerifiedMember
    let name: OwnName
    let revocations: RevocationLedger
    let awaited: AwaitedAnswers

    /// The frame's header and sealed body.
    /// - Parameters:
    ///   - line: whose numbers `seq` counts.
    ///   - now: milliseconds.
    func make(
        _ contentType: String, _ body: [UInt8], to recipient: VerifiedMember, line: [UInt8], seq: Int64, now: Int64
    ) -> (send: Send, body: [UInt8])? {
        let destination = Destination.dm(recipient.member)
        guard let (message, send) = message(contentType, body, to: destination, line: line, seq: seq, now: now),
            let sealed = try? sealer.seal(message, for: recipient)
        else { return nil }
        awaited.sent(send.clientMessageID)
        return (send, sealed)
    }

    /// The same for everybody in a topic.
    func make(
        _ contentType: String, _ body: [UInt8], to topic: TopicName, with key: TopicKey, line: [UInt8], now: Int64
    ) -> (send: Send, body: [UInt8])? {
        guard let (message, header) = message(contentType, body, to: .topic(topic), line: line, seq: 1, now: now),
            let sealed = try? topicSealer.seal(message, to: topic, with: key)
        else { return nil }
        var send = header
        send.epoch = key.epoch
        awaited.sent(send.clientMessageID)
        return (send, sealed)
    }

    private func message(
        _ contentType: String, _ body: [UInt8], to destination: Destination, line: [UInt8], seq: Int64, now: Int64
    ) -> (SealedMessage, Send)? {
        let ulid = ULID(milliseconds: now, randomness: Random.bytes(10))
        guard let id = ClientMessageID(ulid.description) else { return nil }
        let message = SealedMessage(
            mesh: me.chain.certificate.mesh, sender: me.member, senderName: name.current,
            recipient: destination.recipient, clientMessageID: id, line: line, seq: seq, priority: .low,
            createdAt: now, contentType: contentType, body: String(decoding: body, as: UTF8.self),
            revocationHead: revocations.head)
        let send = Send(
            clientMessageID: id, requestFingerprint: Digest.sha256(Array(id.description.utf8)), line: line, seq: seq,
            destination: destination, priority: .low)
        return (message, send)
    }
}
