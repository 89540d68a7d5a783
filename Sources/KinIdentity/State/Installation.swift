import KinWire

/// An enrolled installation: everything a daemon needs to be this device.
public struct Installation: Sendable {
    public let state: StateFolder
    public let wallet: WalletFile
    public let machineID: MachineID
    public let keys: DeviceKeys
    public let chain: Chain

    /// - Throws: `no_wallet` where the home is not enrolled.
    public init(_ state: StateFolder) throws {
        try state.prepare()
        guard let wallet = try WalletFile(reading: state.path("wallet.json")),
            let keys = try DeviceKeys(reading: state.daemon() + "/keypair.json"),
            let chain = try ChainFile(reading: state.daemon() + "/chain.json")?.chain
        else {
            throw Self.missing(state)
        }
        self.state = state
        self.wallet = wallet
        self.keys = keys
        self.chain = chain
        machineID = try MachineFile.load(in: state)
    }

    /// The home is not enrolled.
    public static func missing(_ state: StateFolder) -> KinError {
        KinError(
            "no_wallet",
            "no wallet in \(state.root): run  kin wallet new  on your first machine, or  kin wallet import  with the phrase you have",
            category: .notFound)
    }

    public var mesh: MeshID { chain.certificate.mesh }
}
