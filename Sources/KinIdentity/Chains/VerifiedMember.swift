import KinCrypto
import KinEncoding
import KinWire

/// A member whose chain was found valid: only `ChainVerifier` makes one.
public struct VerifiedMember: Hashable, Sendable {
    public let chain: Chain
    /// The Ed25519 key in force, then earlier ones, newest first.
    public let ed25519: [Ed25519.PublicKey]
    /// The X25519 key in force, then earlier ones, newest first.
    public let x25519: [X25519.PublicKey]

    init(chain: Chain, ed25519: [Ed25519.PublicKey], x25519: [X25519.PublicKey]) {
        self.chain = chain
        self.ed25519 = ed25519
        self.x25519 = x25519
    }

    public var member: ULID { chain.certificate.member }
    public var machineID: MachineID { chain.certificate.machineID }
    public var role: Role { chain.certificate.role }

    /// Whether its certificate is over.
    /// - Parameter time: milliseconds.
    public func hasEnded(by time: Int64) -> Bool { chain.hasEnded(by: time) }

    /// Whether `signature` over `bytes` is by any key of this chain.
    public func anyKeySigned(_ bytes: [UInt8], signature: [UInt8], domain: String) -> Bool {
        ed25519.contains { $0.isValid(signature: signature, over: bytes, domain: domain) }
    }

    /// Whether the key in force signed `bytes`.
    public func currentKeySigned(_ bytes: [UInt8], signature: [UInt8], domain: String) -> Bool {
        ed25519.first?.isValid(signature: signature, over: bytes, domain: domain) ?? false
    }
}
