import Foundation
import KinCrypto
import KinTesting
import KinWire
import Testing

@testable import KinIdentity

@Suite struct RemintingTests {
    private let folder: TemporaryFolder
    private let original: StateFolder
    private let copy: StateFolder
    private let wallet: TestWallet
    private let here = TestHost(etc: HostFingerprintTests.id, macs: ["eth0": 1])
    private let elsewhere = TestHost(etc: HostFingerprintTests.id, macs: ["eth0": 2])

    /// A home that was started once, and a copy of it.
    init() async throws {
        folder = try TemporaryFolder()
        original = StateFolder(root: folder.file("original"))
        copy = StateFolder(root: folder.file("copy"))
        wallet = try TestWallet()
        try await Enrolment(state: original, now: TestClock.start).enrol(wallet.file, signer: wallet)
        _ = try HostCheck(original, reader: here.reader).run(.refuse)
        for name in [
            "outbox.db", "outbox.db-wal", "inbox.db", "keypair-archive.json", "daemon.log", "daemon.log.1", "pid",
        ] {
            try StateFolder.write(Array(name.utf8), to: original.daemon() + "/" + name, mode: 0o600)
        }
        try StateFolder.prepareFolder(original.daemon() + "/hooks")
        try FileManager.default.copyItem(atPath: original.root, toPath: copy.root)
    }

    private func remint(_ now: Int64 = TestClock.start + 5000) async throws -> Reminting.Outcome {
        try await Reminting(copy, reader: elsewhere.reader, now: now).run(wallet.file, signer: wallet)
    }

    @Test("the copy is another device by every mark, and certified by the wallet")
    func identity() async throws {
        let outcome = try await remint()
        let (one, other) = (try Installation(original), try Installation(copy))
        #expect(other.machineID == outcome.machineID)
        #expect(other.chain.member == outcome.member)
        #expect(one.machineID != other.machineID)
        #expect(one.chain.member != other.chain.member)
        #expect(other.chain.certificate.machineID == other.machineID)
        let verified = try ChainVerifier(mesh: wallet.home).verify(other.chain, now: TestClock.start + 5000)
        #expect(verified.role == .owner)
        #expect(other.chain.certificate.ed25519 == other.keys.signing.publicKey.bytes)
        let keys = [one, other].map {
            [$0.keys.signing.publicKey.bytes, $0.keys.sealing.publicKey.bytes, $0.keys.issuing.publicKey.bytes]
        }
        #expect(Set(keys[0]).isDisjoint(with: keys[1]))
        #expect(one.keys.registrationSecret != other.keys.registrationSecret)
        #expect(one.keys.fingerprintKey != other.keys.fingerprintKey)
        #expect(try HostCheck(copy, reader: elsewhere.reader).run(.refuse) == .same)
    }

    @Test("what was the original's is beside its place; logs, hooks and lock stay")
    func aside() async throws {
        let before = try #require(try StateFolder.read(copy.daemon() + "/keypair.json"))
        let outcome = try await remint()
        let mark = ".before-remint-20260101T000005Z"
        let names = [
            "chain.json", "host_fingerprint.json", "inbox.db", "keypair-archive.json", "keypair.json", "outbox.db",
            "outbox.db-wal",
        ]
        let expected = [copy.path("device.json")] + names.map { copy.daemon() + "/" + $0 }
        #expect(Set(outcome.movedAside) == Set(expected.map { $0 + mark }))
        #expect(try StateFolder.read(copy.daemon() + "/keypair.json" + mark) == before)
        let now = Set(try FileManager.default.contentsOfDirectory(atPath: copy.daemon()))
        #expect(now.isSuperset(of: ["daemon.log", "daemon.log.1", "hooks", "pid", "keypair.json", "chain.json"]))
        #expect(now.isDisjoint(with: ["outbox.db", "outbox.db-wal", "inbox.db", "keypair-archive.json"]))
        #expect(try mode(of: copy.daemon() + "/keypair.json" + mark) == 0o600)
    }

    @Test("another wallet's phrase changes nothing")
    func anotherWallet() async throws {
        let other = try TestWallet()
        let before = try FileManager.default.subpathsOfDirectory(atPath: copy.root)
        let error = await #expect(throws: KinError.self) {
            try await Reminting(copy, reader: elsewhere.reader, now: 1).run(other.file, signer: other)
        }
        #expect(error?.code == "another_wallet")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: copy.root) == before)
    }

    @Test("a signer that refuses changes nothing")
    func refusal() async throws {
        let before = try FileManager.default.subpathsOfDirectory(atPath: copy.root)
        await #expect(throws: Unwilling.Refused.self) {
            try await Reminting(copy, reader: elsewhere.reader, now: 1).run(
                wallet.file, signer: Unwilling(address: wallet.address))
        }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: copy.root) == before)
    }

    @Test("one that broke off half-way starts on no machine, and can be reminted again")
    func brokenOff() async throws {
        _ = try await remint()
        // As a crash leaves it after everything was moved and before anything was written.
        try HostFingerprint.unfinished.write(to: copy.daemon() + "/host_fingerprint.json")
        for name in ["keypair.json", "chain.json"] {
            try FileManager.default.removeItem(atPath: copy.daemon() + "/" + name)
        }
        for host in [here, elsewhere] {
            #expect(throws: KinError.self) { try HostCheck(copy, reader: host.reader).run(.refuse) }
        }
        let again = try await remint()
        #expect(again.movedAside.contains { $0.hasSuffix("device.json.before-remint-20260101T000005Z-2") })
        #expect(try Installation(copy).machineID == again.machineID)
    }

    @Test("a home that is not enrolled has nothing to remint")
    func empty() async throws {
        let state = StateFolder(root: folder.file("empty"))
        let error = await #expect(throws: KinError.self) {
            try await Reminting(state, reader: here.reader, now: 1).run(wallet.file, signer: wallet)
        }
        #expect(error?.code == "no_wallet")
    }

    private struct Unwilling: WalletSigner {
        struct Refused: Error {}
        let address: WalletAddress

        func signature(over bytes: [UInt8], domain: String) async throws -> [UInt8] { throw Refused() }
    }
}
