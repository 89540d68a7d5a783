import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire

@testable import KinSession

/// A message between two devices, and every way to tamper with it.
struct Letter {
    let sender: TestDevice
    let recipient: TestDevice
    var message: SealedMessage
    let now: Int64

    init(from sender: TestDevice, to recipient: TestDevice, now: Int64 = TestClock.start, body: String = "hello") throws
    {
        self.sender = sender
        self.recipient = recipient
        self.now = now
        message = SealedMessage(
            mesh: sender.mesh, sender: sender.member, senderName: try DeviceName("laptop").orThrow("name"),
            recipient: recipient.member.description, clientMessageID: try ClientMessageID("letter-1").orThrow("id"),
            line: [1, 2, 3, 4, 5, 6, 7, 8], seq: 7, priority: .next, createdAt: now, body: body)
    }

    /// Between two fresh devices of one family.
    static func fresh(body: String = "hello") async throws -> Letter {
        let family = try TestFamily()
        return try await Letter(from: family.device(), to: family.device(), body: body)
    }

    /// The push whose facts agree with the message.
    var header: Push {
        Push(
            brokerMessageID: 1, clientMessageID: message.clientMessageID, sender: sender.member, line: message.line,
            seq: message.seq, destination: .dm(recipient.member), priority: message.priority, sentAt: now)
    }

    func sealed() throws -> [UInt8] {
        try DirectSealer(chain: sender.chain, keys: sender.keys).seal(message, for: recipient.verified(now: now))
    }

    /// Sealed between any two keys, whatever is inside.
    static func sealed(
        padded: [UInt8], from sender: X25519.PrivateKey, to recipient: X25519.PublicKey
    ) throws -> [UInt8] {
        let nonce = Random.bytes(DirectSealer.nonceBytes)
        return try nonce + Box.seal(padded, nonce: nonce, sharedKey: Box.sharedKey(sender, recipient))
    }

    /// As sealed by someone who has the sender's X25519 key, but signs (or not) as `signer`.
    func forged(signer: Ed25519.PrivateKey?) throws -> [UInt8] {
        let inner = signer.map { message.signed(by: $0) } ?? message
        return try Self.sealed(
            padded: MessagePadding.pad(inner.canonicalBytes()), from: sender.keys.sealing,
            to: recipient.keys.sealing.publicKey)
    }

    /// What the recipient makes of it.
    func open(_ body: [UInt8], header: Push? = nil, now: Int64? = nil) throws -> SealedMessage {
        try DirectSealer(chain: recipient.chain, keys: recipient.keys).open(
            body, header: header ?? self.header, from: sender.verified(now: self.now), now: now ?? self.now)
    }
}
