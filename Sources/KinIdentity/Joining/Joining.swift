import KinCrypto
import KinEncoding
import KinWire

/// The machine's side of joining by request and approval: it never sees the phrase.
public struct Joining: Sendable {
    private let state: StateFolder
    /// Milliseconds.
    private let now: Int64

    public init(state: StateFolder, now: Int64) {
        self.state = state
        self.now = now
    }

    private var keysPath: String { state.daemon() + "/keypair.json" }

    /// Asks to be certified: makes this machine's id and keys the first time, and signs with them.
    /// - Throws: `ephemeral_device`; `wallet_exists` where the home belongs to a wallet already.
    public func request(name: DeviceName?) throws -> JoinRequest {
        try EphemeralFolder.refuse(state)
        guard state.mesh.isHome else {
            throw KinError(
                "mesh_differs", "a machine is approved into its own mesh, home: unset KINDRED_MESH", category: .usage)
        }
        try state.prepare()
        if let present = try WalletFile(reading: state.walletPath) { throw Self.walletExists(present.address) }
        let keys = try DeviceKeys(reading: keysPath) ?? newKeys()
        return JoinRequest(
            machineID: try MachineFile.load(in: state), ed25519: keys.signing.publicKey.bytes,
            x25519: keys.sealing.publicKey.bytes, name: name, at: now
        ).signed(by: keys.signing)
    }

    static func walletExists(_ address: WalletAddress) -> KinError {
        KinError("wallet_exists", "this machine belongs to the wallet \(address) already", category: .conflict)
    }

    private func newKeys() throws -> DeviceKeys {
        let keys = DeviceKeys.generate()
        try keys.write(to: keysPath)
        return keys
    }

    /// Opens an approval and checks that it certifies this machine's keys; nothing is written yet.
    /// - Throws: `approval_not_mine`, `approval_invalid`, `no_request`.
    public func open(_ text: String) throws -> JoinApproval {
        guard let keys = try DeviceKeys(reading: keysPath) else {
            throw KinError(
                "no_request", "this machine has asked for nothing: run  kin device request  first", category: .notFound)
        }
        do {
            return try Self.open(
                JoinApproval.sealedBytes(text: text), with: keys, machineID: MachineFile.load(in: state), now: now)
        } catch let error as WireError {
            throw Self.noApproval(error)
        }
    }

    /// Opens sealed bytes, and checks that they certify these keys on this machine.
    /// - Parameter now: milliseconds.
    static func open(
        _ sealed: [UInt8], with keys: DeviceKeys, machineID: MachineID, now: Int64
    ) throws -> JoinApproval {
        guard let bytes = Box.openAnonymously(sealed, with: keys.sealing) else { throw notMine }
        let approval: JoinApproval
        do throws(WireError) { approval = try JoinApproval(canonical: bytes) } catch { throw noApproval(error) }
        let mesh = approval.chain.certificate.mesh
        let member: VerifiedMember
        do {
            member = try ChainVerifier(mesh: mesh).verify(approval.chain, now: now)
        } catch {
            throw KinError(
                "approval_invalid", "the approval's certificate is not valid (\(error)): ask again", category: .refused)
        }
        guard mesh == .home(of: mesh.wallet), member.ed25519.first == keys.signing.publicKey,
            member.x25519.first == keys.sealing.publicKey, member.machineID == machineID
        else { throw notMine }
        return approval
    }

    private static func noApproval(_ error: WireError) -> KinError {
        KinError("approval_invalid", "this is no approval: \(error.message)", category: .usage)
    }

    private static let notMine = KinError(
        "approval_not_mine", "this approval answers another request: approve the newest one of this machine",
        category: .refused)

    /// Makes this machine a member: its chain, then `wallet.json`, whose presence says that it is done.
    public func accept(_ approval: JoinApproval) throws { try Self.keep(approval, in: state) }

    static func keep(_ approval: JoinApproval, in state: StateFolder) throws {
        try ChainFile(chain: approval.chain, issuer: nil).write(to: state.daemon() + "/chain.json")
        try WalletFile(
            address: approval.chain.certificate.mesh.wallet, routeID: approval.routeID, boxPublic: approval.boxPublic,
            recordKey: nil, boxSecret: nil
        ).write(to: state.walletPath)
    }
}
