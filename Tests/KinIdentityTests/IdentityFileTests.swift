import KinIdentity
import KinTesting
import KinWire
import Testing

/// `device.json`, `wallet.json` and `chain.json`.
@Suite struct IdentityFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    var state: StateFolder { StateFolder(root: folder.path) }

    @Test("the machine id is made once and kept")
    func machineID() throws {
        let first = try MachineFile.load(in: state)
        #expect(try MachineFile.load(in: state) == first)
        #expect(try mode(of: state.path("device.json")) == 0o600)
        let other = StateFolder(root: folder.file("other"))
        try other.prepare()
        #expect(try MachineFile.load(in: other) != first)
    }

    @Test(
        "a damaged device.json is said as such, never replaced",
        arguments: ["", "{", "{}", "[]", #"{"machine_id":"x"}"#, #"{"machine_id":1}"#])
    func damagedMachine(text: String) throws {
        try StateFolder.write(Array(text.utf8), to: state.path("device.json"), mode: 0o600)
        let error = #expect(throws: KinError.self) { try MachineFile.load(in: state) }
        #expect(error?.code == "file_damaged")
        #expect(try StateFolder.read(state.path("device.json")) == Array(text.utf8))
    }

    @Test("a wallet without the phrase keeps neither record key nor box secret")
    func withoutPhrase() throws {
        let wallet = try TestWallet()
        let path = state.path("wallet.json")
        try wallet.fileWithoutPhrase.write(to: path)
        let read = try WalletFile(reading: path).orThrow("wallet")
        #expect(read.recordKey == nil && read.boxSecret == nil)
        #expect(read.address == wallet.address && read.boxPublic == wallet.file.boxPublic)
        #expect(try mode(of: path) == 0o600)
        let isAbsent = try WalletFile(reading: state.path("none")) == nil
        #expect(isAbsent)
    }

    @Test(
        "a damaged wallet.json is said as such",
        arguments: ["{}", #"{"address": "x", "route_id": "y", "box_public": "00"}"#, #"{"address": ""}"#])
    func damagedWallet(text: String) throws {
        try StateFolder.write(Array(text.utf8), to: state.path("wallet.json"), mode: 0o600)
        let error = #expect(throws: KinError.self) { try WalletFile(reading: state.path("wallet.json")) }
        #expect(error?.code == "file_damaged")
    }

    @Test("chain.json gives back chain and issuer certificate")
    func chain() async throws {
        let family = try TestFamily()
        let device = try await family.device()
        let path = state.path("chain.json")
        let issued = try family.device(issuedBy: device).rotated().chain
        for file in [ChainFile(chain: issued, issuer: nil), ChainFile(chain: device.chain, issuer: issued.issuer)] {
            try file.write(to: path)
            #expect(try ChainFile(reading: path) == file)
        }
        #expect(try mode(of: path) == 0o644)
        #expect(try ChainFile(reading: state.path("none")) == nil)
    }

    @Test(
        "a damaged chain.json is said as such",
        arguments: ["", "{}", #"{"chain":[]}"#, #"{"chain":null}"#, #"{"chain":[{}],"issuer_certificate":null}"#])
    func damagedChain(text: String) throws {
        try StateFolder.write(Array(text.utf8), to: state.path("chain.json"), mode: 0o644)
        let error = #expect(throws: KinError.self) { try ChainFile(reading: state.path("chain.json")) }
        #expect(error?.code == "file_damaged")
        #expect(error?.message.contains("chain.json") == true)
    }
}
