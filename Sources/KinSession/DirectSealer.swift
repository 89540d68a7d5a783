import KinCrypto
import KinEncoding
import KinIdentity
import KinWire
import Synchronization

/// Seals and opens direct messages of one device (docs/protocol/messages.md).
///
/// Shared keys are cached: each costs a scalar multiplication. Safe to use from any thread.
public final class DirectSealer: Sendable {
    /// How old a message may be: 45 days, in milliseconds.
    public static let maxAge: Int64 = 45 * 86_400_000
    static let nonceBytes = 24
    static let tagBytes = 16

    private let member: ULID
    private let mesh: MeshID
    private let keys: DeviceKeys
    private let sharedKeys = Mutex<[[UInt8]: SecretBytes]>([:])
    private static let cachedKeys = 1024

    public init(chain: Chain, keys: DeviceKeys) {
        member = chain.member
        mesh = chain.certificate.mesh
        self.keys = keys
    }

    /// The length of the sealed form of an unsigned message: what `inline_bytes` limits.
    public static func sealedCount(of message: SealedMessage) -> Int {
        var message = message
        message.signature = [UInt8](repeating: 0, count: 64)
        return nonceBytes + tagBytes + MessagePadding.paddedCount(message.canonicalBytes().count)
    }

    /// Signs and seals `message` for `recipient`.
    public func seal(_ message: SealedMessage, for recipient: VerifiedMember) throws -> [UInt8] {
        guard let key = recipient.x25519.first else { throw MessageFault.doesNotOpen }
        let inner = MessagePadding.pad(message.signed(by: keys.signing).canonicalBytes())
        let nonce = Random.bytes(Self.nonceBytes)
        return nonce + Box.seal(inner, nonce: nonce, sharedKey: try sharedKey(with: key))
    }

    /// Opens what was pushed, and checks that it is from `sender`, to this device, what its header says, and of this time.
    /// - Parameter now: milliseconds.
    public func open(
        _ body: [UInt8], header: Push, from sender: VerifiedMember, now: Int64
    ) throws(MessageFault) -> SealedMessage {
        let message = try openAtAnyTime(body, header: header, from: sender)
        try Self.checkTime(of: message, now: now)
        return message
    }

    /// As `open`, but for `wrongTime` and `expired`: whoever sent it, it is truly from that member.
    public func openAtAnyTime(
        _ body: [UInt8], header: Push, from sender: VerifiedMember
    ) throws(MessageFault) -> SealedMessage {
        let message = try SealedMessage(padded: unseal(body, from: sender))
        try message.check(in: mesh, recipient: member.description, header: header, sender: sender)
        return message
    }

    /// - Parameter now: milliseconds.
    public static func checkTime(of message: SealedMessage, now: Int64) throws(MessageFault) {
        guard message.createdAt >= now - maxAge, message.createdAt <= now + StatementLimits.maxAhead else {
            throw .wrongTime
        }
        guard now < message.expiresAt ?? .max else { throw .expired }
    }

    private func unseal(_ body: [UInt8], from sender: VerifiedMember) throws(MessageFault) -> [UInt8] {
        guard body.count > Self.nonceBytes + Self.tagBytes else { throw .malformed }
        let nonce = Array(body.prefix(Self.nonceBytes))
        let box = Array(body.dropFirst(Self.nonceBytes))
        for key in sender.x25519 {
            guard let shared = try? sharedKey(with: key) else { continue }
            if let inner = Box.open(box, nonce: nonce, sharedKey: shared) { return inner }
        }
        throw .doesNotOpen
    }

    private func sharedKey(with key: X25519.PublicKey) throws -> SecretBytes {
        if let cached = sharedKeys.withLock({ $0[key.bytes] }) { return cached }
        let shared = try Box.sharedKey(keys.sealing, key)
        sharedKeys.withLock { cache in
            if cache.count >= Self.cachedKeys { cache.removeAll() }
            cache[key.bytes] = shared
        }
        return shared
    }
}
