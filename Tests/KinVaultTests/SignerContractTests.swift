import KinCrypto
import KinIdentity
import KinTesting
import KinVault
import KinWire
import Testing

@Suite struct SignerContractTests {
    @Test("the unlocked vault is a wallet signer", arguments: WalletSignerContract.promptCases)
    func vault(promise: WalletSignerContract.Case) async throws {
        try await WalletSignerContract {
            let vault = OpenVault()
            let signer = try await vault.service.walletSigner(handle: vault.unlock())
            return .init(signer: signer, refuse: { await vault.service.lock() }) {
                await vault.service.lock()
                _ = try await vault.service.unlock(.generate())
            }
        }.check(promise)
    }

    @Test("an unlocked vault's Nostr account is a Nostr signer", arguments: NostrSignerContract.promptCases)
    func vaultNostr(promise: NostrSignerContract.Case) async throws {
        try await NostrSignerContract {
            let vault = OpenVault()
            let signer = try await vault.service.nostrSigner(handle: vault.unlock())
            return .init(signer: signer, refuse: { await vault.service.lock() }) {
                await vault.service.lock()
                _ = try await vault.service.unlock(.generate())
            }
        }.check(promise)
    }

    @Test("a held key is a Nostr signer", arguments: NostrSignerContract.heldCases)
    func held(promise: NostrSignerContract.Case) async throws {
        try await NostrSignerContract {
            .init(signer: try HeldNostrSigner(secret: .random(count: 32)), refuse: {}, swapKeys: {})
        }.check(promise)
    }

    @Test("a wallet that is asked for elsewhere is a wallet signer", arguments: WalletSignerContract.cases)
    func scripted(promise: WalletSignerContract.Case) async throws {
        try await WalletSignerContract {
            let signer = try ScriptedWalletSigner()
            return .init(
                signer: signer, refuse: { signer.script.behave(.refuses) },
                swapKeys: { signer.script.behave(.hasOtherKeys) }, stall: { signer.script.behave(.staysSilent) })
        }.check(promise)
    }

    @Test("a key that is asked for elsewhere is a Nostr signer", arguments: NostrSignerContract.cases)
    func scriptedNostr(promise: NostrSignerContract.Case) async throws {
        try await NostrSignerContract {
            let signer = try ScriptedNostrSigner()
            return .init(
                signer: signer, refuse: { signer.script.behave(.refuses) },
                swapKeys: { signer.script.behave(.hasOtherKeys) }, stall: { signer.script.behave(.staysSilent) })
        }.check(promise)
    }

    /// Ways to break a promise, and how many promises each breaks.
    @Test("a signer that breaks a promise is found out", arguments: BrokenSigner.Fault.allCases)
    func broken(fault: BrokenSigner.Fault) async throws {
        var broken: [String] = []
        for promise in WalletSignerContract.cases {
            let contract = WalletSignerContract {
                let signer = try BrokenSigner(fault: fault)
                return .init(
                    signer: signer, refuse: { signer.sound.script.behave(.refuses) },
                    swapKeys: { signer.sound.script.behave(.hasOtherKeys) },
                    stall: { signer.sound.script.behave(.staysSilent) })
            }
            do { try await contract.check(promise) } catch { broken.append(promise.description) }
        }
        #expect(broken.contains { $0.contains(fault.rawValue) }, "\(broken)")
    }
}

/// A wallet signer with one fault; its name is in the promise it breaks.
struct BrokenSigner: WalletSigner {
    enum Fault: String, CaseIterable, Sendable {
        case ignoresDomain = "no other domain"
        case joinsDomainAndBytes = "kept apart"
        case signsWithAnotherKey = "of the address's key"
        case mixesRequests = "their own signature"
        case refusesAsFailure = "a refusal is"
        case returnsAnyWallets = "another wallet is never returned"
        case signsAfterCancellation = "a cancelled task"
        case neverGivesUp = "nobody answers ends with signer_timeout"
    }

    let fault: Fault
    let sound: ScriptedWalletSigner
    private let key: TestWallet
    private let other: TestWallet

    init(fault: Fault) throws {
        self.fault = fault
        sound = try ScriptedWalletSigner()
        key = try TestWallet()
        other = try TestWallet()
    }

    private var usesOwnKey: Bool {
        [
            .ignoresDomain, .joinsDomainAndBytes, .signsWithAnotherKey, .mixesRequests, .signsAfterCancellation,
            .returnsAnyWallets,
        ].contains(fault)
    }

    var address: WalletAddress { usesOwnKey ? key.address : sound.address }

    func signature(over bytes: [UInt8], domain: String) async throws -> [UInt8] {
        switch fault {
        case .ignoresDomain: return key.key.sign(bytes, domain: "kindred/contract/v2")
        case .joinsDomainAndBytes:
            let joined = Array(domain.utf8) + bytes
            return key.key.sign([], domain: String(decoding: joined, as: UTF8.self))
        case .signsWithAnotherKey: return other.key.sign(bytes, domain: domain)
        case .mixesRequests: return key.key.sign([0], domain: domain)
        case .signsAfterCancellation, .returnsAnyWallets: return key.key.sign(bytes, domain: domain)
        case .refusesAsFailure:
            do { return try await sound.signature(over: bytes, domain: domain) } catch is KinError {
                throw KinError("failed", "something", category: .failed)
            }
        case .neverGivesUp:
            do { return try await sound.signature(over: bytes, domain: domain) } catch let error as KinError {
                throw error.code == "signer_timeout" ? KinError("failed", "something") : error
            }
        }
    }
}
