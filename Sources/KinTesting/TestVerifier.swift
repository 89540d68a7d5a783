import KinBroker
import KinCrypto
import KinIdentity
import KinWire

/// A broker's checks with real signatures.
public struct TestVerifier: BrokerVerifier {
    private let makeRandom: @Sendable (Int) -> [UInt8]

    public init(random: @escaping @Sendable (Int) -> [UInt8] = { Random.bytes($0) }) { makeRandom = random }

    public func verify(_ chain: Chain, in mesh: MeshID, now: Int64) throws {
        _ = try ChainVerifier(mesh: mesh).verify(chain, now: now)
    }

    public func verify(_ hello: Hello, nonce: [UInt8], origins: [String], now: Int64) throws {
        let member = try ChainVerifier(mesh: hello.mesh).verify(hello.chain, now: now)
        guard HelloProof.isValid(hello, of: member, nonce: nonce, origins: origins) else { throw BadHello() }
    }

    public func verify(_ handover: Handover, in mesh: MeshID, now: Int64) throws {
        _ = try handover.verify(in: mesh, now: now)
    }

    public func verify(_ settings: SettingsProof, in mesh: MeshID, now: Int64) throws {
        _ = try settings.verify(in: mesh, now: now)
    }

    public func verify(_ proof: TopicProof, in mesh: MeshID, now: Int64) throws {
        _ = try proof.verify(in: mesh, now: now)
    }

    public func isNewer(_ one: MeshSettings, than other: MeshSettings) -> Bool { one.isNewer(than: other) }

    public func keyID(of key: [UInt8]) -> [UInt8] { Digest.sha256(key) }

    public func isValid(_ credential: JoinCredential, now: Int64) -> Bool { credential.isValid(at: now) }

    public func ledger(for mesh: MeshID, holding proofs: [RevocationProof]) -> any BrokerLedger {
        TestLedger(ledger: RevocationLedger(mesh: mesh, holding: proofs))
    }

    public func random(_ count: Int) -> [UInt8] { makeRandom(count) }

    private struct BadHello: Error, CustomStringConvertible {
        var description: String { "the hello is not signed for this server and challenge" }
    }
}

/// The log of `KinIdentity` as a broker sees it.
private struct TestLedger: BrokerLedger {
    let ledger: RevocationLedger

    var head: RevocationHead { ledger.head }
    var hashes: [[UInt8]] { ledger.current.hashes }

    func missing(from have: [[UInt8]]) -> [RevocationProof] { ledger.current.missing(from: have) }
    func add(_ proofs: [RevocationProof], now: Int64) -> (new: [RevocationProof], replaced: [RevocationProof]) {
        let taken = ledger.take(proofs, now: now)
        return (taken.new, taken.replaced)
    }
    func revocations(of chain: Chain) -> [RevocationProof] { ledger.current.entries(revoking: chain) }
}
