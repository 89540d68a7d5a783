import KinCrypto

/// What two sides say after a handshake: messages in order, each direction under a key of its own. Not copyable: a copy would use nonces twice.
public struct NoiseTransport: ~Copyable, Sendable {
    var sending: CipherState
    var receiving: CipherState
    /// 32 bytes, alike on both sides and in no other handshake: to bind what is agreed on elsewhere to this one (section 11.2).
    public let handshakeHash: [UInt8]
    /// The other side's static key, where the pattern has one.
    public let remoteStatic: X25519.PublicKey?

    /// How many messages were sealed.
    public var sent: UInt64 { sending.nonce }

    /// How many messages were opened.
    public var received: UInt64 { receiving.nonce }

    /// The next message to send: 16 bytes longer than `payload`.
    /// - Throws: `tooLong`, `nonceExhausted`.
    public mutating func seal(_ payload: some Collection<UInt8>) throws(NoiseFault) -> [UInt8] {
        guard payload.count <= NoiseLimits.maxPayload else { throw .tooLong }
        return try sending.seal(payload, authenticating: [])
    }

    /// The payload of the message that comes next. A refused one does not count: the right one still opens.
    /// - Throws: `tooLong`, `tooShort`, `nonceExhausted`, or `refused` for whatever is not that message: changed, repeated, out of order.
    public mutating func open(_ message: some Collection<UInt8>) throws(NoiseFault) -> [UInt8] {
        guard message.count <= NoiseLimits.maxMessage else { throw .tooLong }
        guard message.count >= NoiseLimits.tagCount else { throw .tooShort }
        return try receiving.open(message, authenticating: [])
    }

    /// Goes on with a new key for what is sent (section 11.3). The other side must do the same, for what it receives, at the same place.
    /// - Throws: `refused` where it could not be made: then nothing more is to be sent.
    public mutating func rekeySending() throws(NoiseFault) { try sending.rekey() }

    /// - Throws: as `rekeySending`.
    public mutating func rekeyReceiving() throws(NoiseFault) { try receiving.rekey() }
}
