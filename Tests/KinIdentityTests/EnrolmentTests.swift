import Foundation
import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct EnrolmentTests {
    let folder: TemporaryFolder
    let wallet: TestWallet
    var state: StateFolder { StateFolder(root: folder.file("home")) }

    init() throws {
        folder = try TemporaryFolder()
        wallet = try TestWallet()
    }

    private func enrol(_ wallet: TestWallet, now: Int64 = TestClock.start) async throws -> Enrolment.Outcome {
        try await Enrolment(state: state, now: now).enrol(wallet.file, signer: wallet)
    }

    /// Every file below the home, with its content and inode.
    private func snapshot() throws -> [String: String] {
        var files: [String: String] = [:]
        let paths = try FileManager.default.subpathsOfDirectory(atPath: state.root)
        for path in paths {
            let attributes = try FileManager.default.attributesOfItem(atPath: state.path(path))
            guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
            let content = Hex.encode(try Data(contentsOf: URL(filePath: state.path(path))))
            files[path] = "\(attributes[.systemFileNumber] ?? 0) \(content)"
        }
        return files
    }

    @Test("an enrolled installation is a device that its wallet vouches for")
    func enrols() async throws {
        #expect(try await enrol(wallet) == .enrolled)
        let installation = try Installation(state)
        let member = try ChainVerifier(mesh: wallet.home).verify(installation.chain, now: TestClock.start)
        #expect(member.role == .owner && member.machineID == installation.machineID)
        #expect(member.ed25519.map(\.bytes) == [installation.keys.signing.publicKey.bytes])
        #expect(member.x25519.map(\.bytes) == [installation.keys.sealing.publicKey.bytes])
        #expect(installation.mesh == wallet.home)
        #expect(installation.wallet.address == wallet.address && installation.wallet.routeID == wallet.file.routeID)
        #expect(installation.wallet.recordKey == wallet.file.recordKey)
        #expect(installation.wallet.boxSecret?.secret == wallet.file.boxSecret?.secret)
        #expect(installation.wallet.boxPublic == wallet.file.boxPublic)
    }

    @Test("it may certify members, by a key of its own")
    func issuer() async throws {
        _ = try await enrol(wallet)
        let file = try ChainFile(reading: state.daemon() + "/chain.json").orThrow("chain.json")
        let issuer = try file.issuer.orThrow("issuer certificate")
        let keys = try Installation(state).keys
        #expect(issuer.isSigned(by: wallet.key.publicKey))
        #expect(issuer.ed25519 == keys.issuing.publicKey.bytes)
        #expect(issuer.maxRole == .member && issuer.scopes == [.issue, .revoke])
        #expect(issuer.issuer == file.chain.member)
    }

    @Test("secrets are in private files, certificates in public ones, and the wallet's key in none")
    func files() async throws {
        _ = try await enrol(wallet)
        let modes = try snapshot().keys.sorted().map { "\($0) \(String(try mode(of: state.path($0)), radix: 8))" }
        #expect(
            modes == [
                "daemon/home/chain.json 644", "daemon/home/keypair.json 600", "device.json 600", "wallet.json 600",
            ])
        let seed = wallet.key.seed.withBytes { Hex.encode($0) }
        #expect(!(try snapshot().values.contains { content in content.contains(Hex.encode(Array(seed.utf8))) }))
    }

    @Test("enrolling again with the same wallet changes nothing")
    func again() async throws {
        _ = try await enrol(wallet)
        let before = try snapshot()
        #expect(try await enrol(wallet, now: TestClock.start + 86_400_000) == .alreadyEnrolled)
        #expect(try snapshot() == before)
    }

    @Test("another wallet is a conflict that names the present one, and changes nothing")
    func anotherWallet() async throws {
        _ = try await enrol(wallet)
        let before = try snapshot()
        let other = try TestWallet()
        let error = await #expect(throws: KinError.self) { try await enrol(other) }
        #expect(error?.code == "another_wallet")
        #expect(error?.category == .conflict)
        #expect(error?.detail["address"] == .string(wallet.address.description))
        #expect(try snapshot() == before)
    }

    @Test("an enrolment that was cut off before its end is taken up with the same keys")
    func interrupted() async throws {
        _ = try await enrol(wallet)
        let keys = try Installation(state).keys
        try FileManager.default.removeItem(atPath: state.path("wallet.json"))
        let error = #expect(throws: KinError.self) { try Installation(state) }
        #expect(error?.code == "no_wallet")
        #expect(try await enrol(wallet) == .enrolled)
        #expect(try Installation(state).keys.signing.publicKey == keys.signing.publicKey)
    }

    @Test("a signer that refuses leaves no enrolment behind")
    func refused() async throws {
        await #expect(throws: KinError.self) {
            try await Enrolment(state: state, now: 1).enrol(
                wallet.file, signer: RefusingSigner(address: wallet.address))
        }
        let error = #expect(throws: KinError.self) { try Installation(state) }
        #expect(error?.code == "no_wallet")
        #expect(try await enrol(wallet) == .enrolled)
    }

    @Test("a home that is not enrolled says what to do")
    func notEnrolled() {
        let error = #expect(throws: KinError.self) { try Installation(state) }
        #expect(error?.code == "no_wallet")
        #expect(error?.category == .notFound)
        #expect(error?.message.contains("kin wallet new") == true)
    }
}

private struct RefusingSigner: WalletSigner {
    let address: WalletAddress

    func signature(over bytes: [UInt8], domain: String) async throws -> [UInt8] {
        throw KinError("refused", "not today", category: .refused)
    }
}
