import KinCrypto
import KinEncoding
import KinWire

/// Makes this installation a device of a wallet's family: keys, an owner certificate, an issuer certificate.
public struct Enrolment: Sendable {
    public let state: StateFolder
    /// Milliseconds.
    public let now: Int64

    public init(state: StateFolder, now: Int64) {
        self.state = state
        self.now = now
    }

    /// What became of an enrolment.
    public enum Outcome: Hashable, Sendable {
        case enrolled, alreadyEnrolled
        /// A device that followed its family to a new wallet may certify others now.
        case gainedIssuer
    }

    /// Enrols into the wallet's `home` mesh. Repeated with the same wallet it changes nothing.
    /// - Throws: `another_wallet` (category conflict) where the home belongs to another wallet.
    @discardableResult
    public func enrol(_ wallet: WalletFile, signer: any WalletSigner) async throws -> Outcome {
        guard state.mesh.isHome else {
            throw KinError(
                "mesh_differs", "the machine's own wallet is that of the mesh home: unset KINDRED_MESH",
                category: .usage)
        }
        try state.prepare()
        try refuseAnotherWallet(than: wallet.address)
        let folder = state.daemon()
        if try WalletFile(reading: state.walletPath)?.recordKey != nil,
            let chain = try ChainFile(reading: "\(folder)/chain.json")
        {
            return try await gainIssuer(chain, signer) ? .gainedIssuer : .alreadyEnrolled
        }
        let machineID = try MachineFile.load(in: state)
        let keys = try deviceKeys(at: "\(folder)/keypair.json")
        let chain = try await certify(keys, machineID: machineID, mesh: .home(of: wallet.address), signer: signer)
        // wallet.json last: its presence says that the enrolment is complete.
        try chain.write(to: "\(folder)/chain.json")
        try wallet.write(to: state.walletPath)
        return .enrolled
    }

    /// Nobody but the device itself knows the issuer key for which its family's new wallet must sign.
    private func gainIssuer(_ file: ChainFile, _ signer: any WalletSigner) async throws -> Bool {
        let certificate = file.chain.certificate
        guard file.issuer == nil, certificate.role == .owner,
            let keys = try DeviceKeys(reading: state.daemon() + "/keypair.json")
        else { return false }
        let issuer = try await signer.sign(
            Self.issuer(keys, member: certificate.member, mesh: certificate.mesh, now: now))
        try ChainFile(chain: file.chain, issuer: issuer).write(to: state.daemon() + "/chain.json")
        return true
    }

    private static func issuer(_ keys: DeviceKeys, member: ULID, mesh: MeshID, now: Int64) -> IssuerCertificate {
        IssuerCertificate(
            mesh: mesh, issuer: member, ed25519: keys.issuing.publicKey.bytes, maxRole: .member,
            scopes: [.issue, .revoke], notBefore: now)
    }

    /// - Throws: `another_wallet` where the home belongs to another one; `ephemeral_device`.
    public func refuseAnotherWallet(than address: WalletAddress) throws {
        try EphemeralFolder.refuse(state)
        if !state.mesh.isHome && MeshFolder(ofAnother: .home(of: address)) != state.mesh {
            throw KinError(
                "mesh_differs",
                "the mesh \(state.mesh) is not of the wallet \(address): unset KINDRED_MESH for this machine's own",
                category: .usage)
        }
        guard let present = try WalletFile(reading: state.walletPath), present.address != address else {
            return
        }
        throw KinError(
            "another_wallet",
            "\(state.root) belongs to the wallet \(present.address): use another KINDRED_HOME for \(address)",
            category: .conflict, detail: ["address": .string(present.address.description)])
    }

    private func deviceKeys(at path: String) throws -> DeviceKeys {
        if let keys = try DeviceKeys(reading: path) { return keys }
        let keys = DeviceKeys.generate()
        try keys.write(to: path)
        return keys
    }

    /// A member of its own for these keys: an owner certificate, and an issuer certificate beside it.
    func certify(
        _ keys: DeviceKeys, machineID: MachineID, mesh: MeshID, signer: any WalletSigner
    ) async throws -> ChainFile {
        let member = ULID(milliseconds: now, randomness: Random.bytes(10))
        let certificate = try await signer.sign(
            Certificate(
                mesh: mesh, member: member, machineID: machineID, ed25519: keys.signing.publicKey.bytes,
                x25519: keys.sealing.publicKey.bytes, role: .owner, issuedAt: now, issuer: .wallet))
        let issuer = try await signer.sign(Self.issuer(keys, member: member, mesh: mesh, now: now))
        return ChainFile(chain: Chain(certificate: certificate), issuer: issuer)
    }
}
