import KinCrypto
import KinEncoding
import KinIdentity
import KinWire

// What an owner device sends this one.

extension SuccessionKeeper {
    /// Takes a message with this device's place in the new mesh: on disk when this returns.
    /// - Returns: the result for the broker; nil where it could not be written, so that it comes again.
    func received(_ message: SealedMessage, from sender: VerifiedMember) -> ClientAck.Result? {
        // What it holds would have to be written down: an ephemeral device ends where its family moves.
        guard !installation.isEphemeral, let bundle = try? SuccessionBundle(canonical: Array(message.body.utf8)),
            bundle.succession.member == sender.member
        else { return .refused }
        if bundle.succession.mesh == installation.previous { return .duplicate }
        let handover = Handover(succession: bundle.succession, owner: bundle.owner)
        guard let speaker = verified(handover), isForThisDevice(bundle) else { return .refused }
        do {
            let (result, isNews) = try state.withLock { state -> (ClientAck.Result?, Bool) in
                let successor = bundle.succession.successor
                guard !state.isLeaving else { return (.duplicate, false) }
                if state.file.candidate(successor)?.isHeld == true { return (try again(bundle), false) }
                let noted = noting(handover, by: speaker, state)
                var file = noted ?? state.file
                guard let index = file.candidates.firstIndex(where: { $0.successor == successor }) else {
                    // No room for it now: it comes again.
                    return (nil, false)
                }
                try stage(bundle)
                file.candidates[index].isHeld = true
                try state.keep(file, in: installation.state)
                return (.stored, noted != nil)
            }
            if isNews { announce(bundle.succession.successor, speaker) }
            settle()
            return result
        } catch {
            logger.error("succession_unwritable", metadata: ["error": .string("\(error)")])
            return nil
        }
    }

    /// A certificate where this device has one already.
    private func again(_ bundle: SuccessionBundle) throws -> ClientAck.Result {
        let (successor, folder) = (bundle.succession.successor, installation.state)
        guard SuccessionSwitch.hasKeys(for: successor, in: folder) else { return .duplicate }
        let told = ChainFile(chain: bundle.chain, issuer: nil)
        return try SuccessionSwitch.keepTold(told, for: successor, in: folder) ? .stored : .duplicate
    }

    /// Lays ready what this device needs in the new mesh.
    private func stage(_ bundle: SuccessionBundle) throws {
        let isOwner = installation.chain.certificate.role == .owner
        let wallet = try WalletFile(isOwner ? bundle.wallet : bundle.wallet.withoutSecrets)
        try SuccessionSwitch.stage(
            ChainFile(chain: bundle.chain, issuer: nil), wallet, nil, in: installation.state)
    }

    /// Whether it certifies this very device as what it is, in the mesh of the wallet that takes over.
    private func isForThisDevice(_ bundle: SuccessionBundle) -> Bool {
        let own = installation.chain.certificate
        let new = bundle.chain.certificate
        guard bundle.wallet.address == bundle.succession.successor, new.issuer == .wallet,
            let member = try? ChainVerifier(mesh: bundle.succession.heir).verify(bundle.chain, now: now())
        else { return false }
        return member.member == own.member && member.machineID == own.machineID && member.role == own.role
            && member.ed25519.first == installation.keys.signing.publicKey
            && member.x25519.first == installation.keys.sealing.publicKey
    }
}

extension WalletFile {
    /// What a device keeps of the wallet that was sent to it.
    init(_ wallet: SuccessionBundle.Wallet) throws {
        self.init(
            address: wallet.address, routeID: wallet.routeID, boxPublic: wallet.boxPublic,
            recordKey: wallet.recordKey.map { SecretBytes(copying: $0) },
            boxSecret: try wallet.boxSecret.map { try X25519.PrivateKey(SecretBytes(copying: $0)) })
    }

    /// What is sent of it to an owner device.
    public var shared: SuccessionBundle.Wallet {
        SuccessionBundle.Wallet(
            address: address, routeID: routeID, boxPublic: boxPublic, recordKey: recordKey?.withBytes { Array($0) },
            boxSecret: boxSecret?.secret.withBytes { Array($0) })
    }
}
