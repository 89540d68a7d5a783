import KinBroker
import KinCrypto
import KinIdentity
import KinWire

/// The broker's eyes: chains and hellos judged by `KinIdentity`.
struct IdentityVerifier: BrokerVerifier {
    /// Why a hello is not believed; shown to the daemon that sent it.
    enum HelloFault: String, Error, CustomStringConvertible {
        case wrongMesh = "the chain is of another mesh"
        case badSignature =
            "the signature fits none of this server's origins: dial it by a name it knows (kin serve --origin)"

        var description: String { rawValue }
    }

    func verify(_ chain: Chain, in mesh: MeshID, now: Int64) throws {
        _ = try ChainVerifier(mesh: mesh).verify(chain, now: now)
    }

    func verify(_ hello: Hello, nonce: [UInt8], origins: [String], now: Int64) throws {
        guard hello.chain.certificate.mesh == hello.mesh else { throw HelloFault.wrongMesh }
        let member = try ChainVerifier(mesh: hello.mesh).verify(hello.chain, now: now)
        guard HelloProof.isValid(hello, of: member, nonce: nonce, origins: origins) else {
            throw HelloFault.badSignature
        }
    }

    func verify(_ handover: Handover, in mesh: MeshID, now: Int64) throws {
        _ = try handover.verify(in: mesh, now: now)
    }

    func verify(_ settings: SettingsProof, in mesh: MeshID, now: Int64) throws {
        _ = try settings.verify(in: mesh, now: now)
    }

    func verify(_ proof: TopicProof, in mesh: MeshID, now: Int64) throws {
        _ = try proof.verify(in: mesh, now: now)
    }

    func isNewer(_ one: MeshSettings, than other: MeshSettings) -> Bool { one.isNewer(than: other) }

    func keyID(of key: [UInt8]) -> [UInt8] { Digest.sha256(key) }

    func isValid(_ credential: JoinCredential, now: Int64) -> Bool { credential.isValid(at: now) }

    func ledger(for mesh: MeshID, holding proofs: [RevocationProof]) -> any BrokerLedger {
        RevocationLedger(mesh: mesh, holding: proofs)
    }

    func random(_ count: Int) -> [UInt8] { Random.bytes(count) }
}

extension RevocationLedger: BrokerLedger {
    public var hashes: [[UInt8]] { current.hashes }

    public func missing(from have: [[UInt8]]) -> [RevocationProof] { current.missing(from: have) }

    public func add(_ proofs: [RevocationProof], now: Int64) -> (new: [RevocationProof], replaced: [RevocationProof]) {
        let taken = take(proofs, now: now)
        return (taken.new, taken.replaced)
    }

    public func revocations(of chain: Chain) -> [RevocationProof] { current.entries(revoking: chain) }
}
