import KinEncoding
import KinWire

/// An enrolled installation: everything a daemon needs to be this device.
public struct Installation: Sendable {
    public let state: StateFolder
    public let wallet: WalletFile
    public let machineID: MachineID
    public let keys: DeviceKeys
    public let chain: Chain
    /// What lets this device certify others; nil where the wallet gave it nothing of the kind.
    public let issuer: IssuerCertificate?
    /// By what it joined, where it was a ticket.
    public let credential: JoinCredential?
    /// Shared by everything that verifies chains for this device.
    public let revocations: RevocationLedger
    /// The mesh it was in before the wallet changed; nil where it never did.
    public let previous: MeshID?
    /// Names of members in that mesh.
    public let formerNames: [ULID: String]
    /// What held there for two connections of one member, where this device brought its family over.
    public let inheritedPolicy: ConcurrentPolicy?
    /// Its keys are in memory alone, and gone with the process.
    public let isEphemeral: Bool

    /// - Throws: `no_wallet` where the home is not enrolled.
    public init(_ state: StateFolder) throws {
        try state.prepare()
        guard let wallet = try WalletFile(reading: state.walletPath),
            let keys = try DeviceKeys(reading: state.daemon() + "/keypair.json"),
            let certified = try ChainFile(reading: state.daemon() + "/chain.json")
        else {
            throw Self.missing(state)
        }
        self.state = state
        self.wallet = wallet
        self.keys = keys
        chain = certified.chain
        issuer = certified.issuer
        credential = certified.credential
        revocations = RevocationLedger(
            mesh: certified.chain.certificate.mesh,
            holding: try RevocationFile.read(state.daemon() + "/revocations.json"))
        let succession = try SuccessionFile(reading: state)
        previous = succession.previous
        formerNames = succession.names
        inheritedPolicy = succession.policy
        machineID = try MachineFile.load(in: state)
        isEphemeral = false
    }

    /// An ephemeral device whose folder is `state`; nothing of `identity` is written there.
    public init(_ identity: EphemeralIdentity, in state: StateFolder) throws {
        try state.prepare()
        self.state = state
        wallet = identity.wallet
        machineID = identity.machineID
        keys = identity.keys
        chain = identity.chain
        issuer = nil
        credential = identity.credential
        revocations = RevocationLedger(mesh: chain.certificate.mesh)
        previous = nil
        formerNames = [:]
        inheritedPolicy = nil
        isEphemeral = true
    }

    /// The home is not enrolled.
    public static func missing(_ state: StateFolder) -> KinError {
        if EphemeralFolder.isOne(state) {
            return KinError(
                "ephemeral_device",
                "\(state.root) is an ephemeral device's: its keys are in the memory of its daemon alone, so this cannot be done with it",
                category: .refused)
        }
        return KinError(
            "no_wallet",
            state.mesh.isHome
                ? "no wallet in \(state.root): run  kin wallet new  on your first machine, or  kin wallet import  with the phrase you have"
                : "this machine is not in the mesh \(state.mesh) (\(state.root)): a join credential brings it in,  kin up --join FILE",
            category: .notFound)
    }

    /// The entry by which this device is no member any more; nil where it is one.
    public var revokedBy: Revocation? { revocations.current.entries(revoking: chain).first?.entry }

    public var mesh: MeshID { chain.certificate.mesh }
}
