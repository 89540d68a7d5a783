import KinCrypto

/// One side of a handshake, message by message in turn, the initiator's first; after the last one it splits into the transport.
///
///     var mine = NoiseHandshake.initiatingIK(prologue: prologue, own: key, remote: theirs)
///     let first = try mine.write(payload)
///     let answer = try mine.read(received)
///     var transport = try mine.split()
///
/// Not copyable: a copy would seal under the same keys and nonces. Whatever bytes are read, there is an answer or a `NoiseFault`; a message that is
/// refused ends the handshake.
public struct NoiseHandshake: ~Copyable, Sendable {
    public enum Role: Hashable, Sendable {
        case initiator, responder
    }

    public let role: Role
    /// The other side's static key: known beforehand, or once the message with it was read. nil in patterns without.
    public internal(set) var remoteStatic: X25519.PublicKey?
    let pattern: NoisePattern
    var symmetric: SymmetricState
    let ownStatic: X25519.PrivateKey?
    let ownEphemeral: X25519.PrivateKey
    var remoteEphemeral: X25519.PublicKey?
    let psk: SecretBytes?
    /// The number of the next message.
    var place = 0
    var isBroken = false

    /// `Noise_IK_25519_ChaChaPoly_SHA256`, of the side that begins.
    /// - Parameters:
    ///   - prologue: what both sides must agree on beforehand.
    ///   - remote: the responder's key.
    ///   - ephemeral: random unless a test says otherwise.
    public static func initiatingIK(
        prologue: [UInt8], own: X25519.PrivateKey, remote: X25519.PublicKey,
        ephemeral: X25519.PrivateKey = .random()
    ) -> NoiseHandshake {
        NoiseHandshake(
            .ik, .initiator, prologue: prologue, own: own, remote: remote, ephemeral: ephemeral, responderKey: remote)
    }

    /// `Noise_IK_25519_ChaChaPoly_SHA256`, of the side that is called.
    public static func respondingIK(
        prologue: [UInt8], own: X25519.PrivateKey, ephemeral: X25519.PrivateKey = .random()
    ) -> NoiseHandshake {
        NoiseHandshake(
            .ik, .responder, prologue: prologue, own: own, ephemeral: ephemeral, responderKey: own.publicKey)
    }

    /// `Noise_NNpsk0_25519_ChaChaPoly_SHA256`.
    /// - Parameter psk: 32 bytes.
    /// - Throws: `pskLength`.
    public static func nnpsk0(
        _ role: Role, prologue: [UInt8], psk: SecretBytes, ephemeral: X25519.PrivateKey = .random()
    ) throws(NoiseFault) -> NoiseHandshake {
        guard psk.count == NoiseLimits.pskCount else { throw .pskLength }
        return NoiseHandshake(.nnpsk0, role, prologue: prologue, ephemeral: ephemeral, psk: psk)
    }

    private init(
        _ pattern: NoisePattern, _ role: Role, prologue: [UInt8], own: X25519.PrivateKey? = nil,
        remote: X25519.PublicKey? = nil, ephemeral: X25519.PrivateKey, responderKey: X25519.PublicKey? = nil,
        psk: SecretBytes? = nil
    ) {
        self.pattern = pattern
        self.role = role
        ownStatic = own
        remoteStatic = remote
        ownEphemeral = ephemeral
        self.psk = psk
        symmetric = SymmetricState(protocolName: pattern.name, prologue: prologue)
        if let responderKey { symmetric.mixHash(responderKey.bytes) }
    }

    /// Whether all messages were exchanged.
    public var isFinished: Bool { !isBroken && place == pattern.messages.count }

    /// Whether the next message is this side's to write.
    public var isTurn: Bool {
        !isBroken && place < pattern.messages.count && place.isMultiple(of: 2) == (role == .initiator)
    }

    /// The transport; whoever holds it has the other side's key confirmed, except that a responder learns with the first transport message that
    /// the first handshake message was no replay.
    /// - Throws: `unfinished`, `broken`.
    public consuming func split() throws(NoiseFault) -> NoiseTransport {
        guard !isBroken else { throw .broken }
        guard place == pattern.messages.count else { throw .unfinished }
        let (hash, remote, role) = (symmetric.hash, remoteStatic, role)
        let keys = symmetric.split()
        return NoiseTransport(
            sending: CipherState(key: role == .initiator ? keys.initiator : keys.responder),
            receiving: CipherState(key: role == .initiator ? keys.responder : keys.initiator),
            handshakeHash: hash, remoteStatic: remote)
    }
}
