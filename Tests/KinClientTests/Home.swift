import Foundation
import KinClient
import KinCrypto
import KinEncoding
import KinIdentity
import KinSession
import KinTesting
import KinWire

/// Devices of one wallet, and the records they would publish.
final class Household: Sendable {
    let wallet: TestWallet
    private let folder: TemporaryFolder

    init() throws {
        wallet = try TestWallet()
        folder = try TemporaryFolder()
    }

    /// Enrols one more device.
    /// - Parameter time: when it is certified, milliseconds.
    func device(at time: Int64 = TestClock.start) async throws -> Installation {
        let state = StateFolder(root: folder.file(Hex.encode(Random.bytes(6))))
        try await Enrolment(state: state, now: time).enrol(wallet.file, signer: wallet)
        return try Installation(state)
    }

    /// What `device` publishes.
    /// - Parameters:
    ///   - ts: seconds after the start of the test clock.
    ///   - wallet: whose keys seal it; the household's own unless said.
    func entry(
        _ device: Installation, _ name: String, ts: Int64 = 0, sealedFor wallet: WalletFile? = nil
    ) throws -> RegistryEntry {
        let record = RegistryRecord(
            name: name, hostPub: device.keys.sealing.publicKey.bytes, signalURL: "http://127.0.0.1:1/agent/signal",
            ts: TestClock.start / 1000 + ts,
            certified: .init(
                machineID: device.machineID, version: "1.2.3", chain: device.chain, revocationHead: .empty, lan: nil,
                capabilities: [])
        ).signed(by: device.keys.signing)
        return try seal(record, device.machineID, for: wallet)
    }

    /// What a machine without the phrase publishes as another device: under its member id and a certificate by `issuer`, with keys of its own.
    func impostor(
        of victim: Installation, by issuer: Installation, _ name: String, machine: MachineID, ts: Int64 = 0
    ) throws -> RegistryEntry {
        let keys = DeviceKeys.generate()
        let certificate = Certificate(
            mesh: wallet.home, member: victim.chain.member, machineID: machine, ed25519: keys.signing.publicKey.bytes,
            x25519: keys.sealing.publicKey.bytes, role: .machine, issuedAt: TestClock.start + 1,
            issuer: .member(issuer.chain.member)
        ).signed(by: issuer.keys.issuing)
        let record = RegistryRecord(
            name: name, hostPub: keys.sealing.publicKey.bytes, signalURL: "http://127.0.0.1:1/agent/signal",
            ts: TestClock.start / 1000 + ts,
            certified: .init(
                machineID: machine, version: "1.2.3", chain: Chain(issuer: issuer.issuer, certificate: certificate),
                revocationHead: .empty, lan: nil, capabilities: [])
        ).signed(by: keys.signing)
        return try seal(record, machine, for: wallet.fileWithoutPhrase)
    }

    /// What another product publishes: no certificate.
    func uncertified(_ name: String, machine: String) throws -> RegistryEntry {
        let record = RegistryRecord(
            name: name, hostPub: [UInt8](repeating: 9, count: 32), signalURL: "https://elsewhere.example",
            ts: TestClock.start / 1000, certified: nil)
        return try seal(record, MachineID(machine).orThrow("a machine id"), for: nil)
    }

    private func seal(_ record: RegistryRecord, _ machine: MachineID, for wallet: WalletFile?) throws -> RegistryEntry {
        let sealer = RecordSealer(wallet: wallet ?? self.wallet.file, mesh: self.wallet.home)
        return RegistryEntry(machineID: machine, blob: try sealer.seal(record, machineID: machine))
    }
}

/// Milliseconds of the real clock, for tests that talk to a real server.
func realNow() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
