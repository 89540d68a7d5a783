import KinCrypto
import KinEncoding
import KinIdentity
import KinWire

/// Who this device is on a link, and by what it judges others.
public struct LinkCredentials: Sendable {
    let chain: Chain
    let key: X25519.PrivateKey
    let verifier: ChainVerifier
    let head: @Sendable () -> RevocationHead
    let newest: @Sendable (ULID) -> Chain?
    let stated: @Sendable (RevocationHead, VerifiedMember) -> Void

    /// - Parameters:
    ///   - chain: this device's newest.
    ///   - key: the X25519 key in force by that chain.
    ///   - revocations: who was revoked, as it is known at each handshake.
    ///   - newest: the chain known of a member that holds; nil where none is.
    ///   - stated: told after each handshake where the other side's revocation log stands: by who proved to be that member.
    public init(
        chain: Chain, key: X25519.PrivateKey, revocations: RevocationLedger,
        newest: @escaping @Sendable (ULID) -> Chain?,
        stated: @escaping @Sendable (RevocationHead, VerifiedMember) -> Void = { _, _ in }
    ) {
        self.chain = chain
        self.key = key
        verifier = ChainVerifier(mesh: chain.certificate.mesh, revocations: revocations)
        head = { revocations.head }
        self.newest = newest
        self.stated = stated
    }

    func prologue(calling target: MachineID) -> [UInt8] {
        LinkOpening.prologue(mesh: verifier.mesh, target: target)
    }

    /// Judges what the other side says of itself.
    /// - Parameters:
    ///   - key: its static key in the handshake.
    ///   - time: its clock; `now`: ours; both in milliseconds.
    func check(
        _ chain: Chain, key: X25519.PublicKey?, time: Int64, now: Int64
    ) throws(LinkFault) -> VerifiedMember {
        // First, so that only who has the keys learns what is wrong with their chain.
        guard let key, chain.x25519Keys.first == key.bytes else { throw .keyMismatch }
        let peer: VerifiedMember
        do throws(ChainFault) {
            peer = try verifier.verify(chain, now: now)
        } catch {
            throw .chain(error)
        }
        guard chain.mayReplace(newest(peer.member)) else { throw .superseded }
        guard (now - LinkLimits.maxSkew...now + LinkLimits.maxSkew).contains(time) else { throw .clockDiffers }
        return peer
    }
}
