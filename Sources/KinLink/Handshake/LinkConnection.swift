import KinCrypto
import KinEncoding
import KinIdentity
import KinNoise
import KinWire

/// What a finished handshake gives: a transport to a device that proved who it is. `Link` begins or goes on with it.
public struct LinkConnection: ~Copyable, Sendable {
    /// Positions that the two sides told each other, to continue from.
    struct Continuation: Hashable, Sendable {
        /// Up to where this side has received.
        let own: Int64
        /// Up to where the other side has.
        let other: Int64
    }

    public let link: LinkID
    public let peer: VerifiedMember
    let isInitiator: Bool
    /// nil: the link is new.
    let continuation: Continuation?
    let ownKey: X25519.PublicKey
    var transport: NoiseTransport

    /// Whether the link that was asked for goes on.
    public var isContinued: Bool { continuation != nil }

    /// Alike on both sides and in no other handshake: 32 bytes.
    public var handshakeHash: [UInt8] { transport.handshakeHash }
}
