import KinCrypto
import KinEncoding
public import KinWire

/// The machine's side of joining over a pairing. Until it is certified nothing is written but the machine's id: whoever is refused has no keys on disk that
/// could be taken for a member's.
public struct PairedJoining: Sendable {
    public let purpose: PairingPurpose
    /// What is asked, signed with the keys it names.
    public let request: JoinRequest
    private let home: StateFolder
    private let keys: DeviceKeys
    /// Of the machine's own family; nil where it has none.
    private let own: WalletAddress?
    /// Milliseconds. People take their time: what is checked late is checked by the clock of then.
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - name: what the machine would be called.
    ///   - home: the machine's own mesh.
    ///   - now: milliseconds.
    /// - Throws: `ephemeral_device`, `mesh_differs`; to become a device, `wallet_exists` where the machine has a family.
    public init(_ purpose: PairingPurpose, name: DeviceName?, home: StateFolder, now: @escaping @Sendable () -> Int64)
        throws
    {
        try EphemeralFolder.refuse(home)
        guard home.mesh.isHome else {
            throw KinError(
                "mesh_differs", "who pairs is the machine itself: unset KINDRED_MESH", category: .usage)
        }
        try home.prepare()
        own = try WalletFile(reading: home.walletPath)?.address
        if purpose == .device, let own { throw Joining.walletExists(own) }
        // An earlier request by hand made keys, and an answer to it may still come.
        let kept = own == nil ? try DeviceKeys(reading: home.daemon() + "/keypair.json") : nil
        keys = kept ?? .generate()
        request = JoinRequest(
            machineID: try MachineFile.load(in: home), ed25519: keys.signing.publicKey.bytes,
            x25519: keys.sealing.publicKey.bytes, name: name, at: now()
        ).signed(by: keys.signing)
        self.purpose = purpose
        self.home = home
        self.now = now
    }

    /// Where the mesh has its files: with the machine's own, unless that is another wallet's.
    public func place(of mesh: MeshID) -> StateFolder {
        guard let own, own != mesh.wallet else { return home }
        return StateFolder(root: home.root, mesh: MeshFolder(ofAnother: mesh))
    }

    /// Whether what is offered can be taken here: before the person is asked.
    /// - Throws: `offer_invalid`, `already_member`, `another_wallet`.
    public func check(_ offer: PairingOffer) throws {
        guard offer.purpose == purpose, offer.mesh == .home(of: offer.mesh.wallet), offer.role < .owner,
            offer.expiresAt ?? .max > now(), offer.role != .guest || offer.expiresAt != nil
        else {
            throw KinError(
                "offer_invalid", "what the other side offers is no membership: is its version another one?",
                category: .refused)
        }
        let place = place(of: offer.mesh)
        guard offer.mesh.wallet != own, !place.meshes().contains(place.mesh) else {
            throw KinError(
                "already_member", "this machine is a member of \(offer.mesh) already: start it with  kin up",
                category: .conflict)
        }
        try Enrolment(state: place, now: now()).refuseAnotherWallet(than: offer.mesh.wallet)
    }

    /// Opens an approval and checks that it is what was offered, for this machine's keys; nothing is written yet.
    /// - Throws: `approval_not_mine`, `approval_invalid`, `approval_differs`.
    public func open(_ sealed: [UInt8], offered offer: PairingOffer) throws -> JoinApproval {
        let approval = try Joining.open(sealed, with: keys, machineID: request.machineID, now: now())
        let certificate = approval.chain.certificate
        guard certificate.mesh == offer.mesh, certificate.role == offer.role, certificate.scopes == offer.scopes,
            certificate.expiresAt == offer.expiresAt
        else {
            throw KinError(
                "approval_differs", "the certificate that came is not the one that was shown: nothing was kept",
                category: .refused)
        }
        return approval
    }

    /// Makes this machine a member: its keys, its chain, then `wallet.json`, whose presence says that it is done.
    /// - Parameter approval: by `open`.
    /// - Returns: where the mesh has its files.
    /// - Throws: `already_member`, `another_wallet` where that happened meanwhile.
    @discardableResult
    public func accept(_ approval: JoinApproval, offered offer: PairingOffer) throws -> StateFolder {
        try check(offer)
        let place = place(of: offer.mesh)
        try place.prepare()
        try keys.write(to: place.daemon() + "/keypair.json")
        try Joining.keep(approval, in: place)
        return place
    }
}
