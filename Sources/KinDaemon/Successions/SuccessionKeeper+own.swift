import KinClient
import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

// This device hands its family over.

extension SuccessionKeeper {
    /// How long the broker may take to answer, milliseconds.
    private static let patience: Int64 = 5_000

    /// Prepares what both wallets have to sign; nothing is kept on disk.
    ///
    /// Whoever found the phrase can have made himself a device: none that is new comes along unless it is named.
    /// - Throws: `not_an_owner`, `ephemeral_device`, `same_wallet`, `succession_under_way`, `unknown_recipient`.
    func plan(_ request: SuccessionDraftRequest) throws -> SuccessionPlan {
        guard !installation.isEphemeral else { throw Self.ephemeral }
        let named = Set(try request.with.map { try family.resolve($0).member })
        let seen = state.withLock { $0.seen }
        let time = now()
        let left = family.everybody.filter { member in
            member.member != installation.chain.member && !named.contains(member.member)
                && seen.isRecent(member, now: time)
        }
        let known = family.everybody.filter { !left.contains($0) }
        let draft = try SuccessionDraft(from: installation, known: known, to: request.successor, now: time)
        try state.withLock { state in
            try refuseSecond(request.successor, state)
            state.draft = draft
        }
        return SuccessionPlan(
            succession: draft.succession, certificates: draft.certificates, issuer: draft.issuer,
            names: draft.certificates.map { family.name(of: $0.member) },
            left: left.map { member in
                SuccessionPlan.Left(
                    name: family.name(of: member.member), member: member.member, role: member.role,
                    firstSeen: seen.firstSeen(member))
            })
    }

    /// Its new keys would have to be written down.
    private static let ephemeral = KinError(
        "ephemeral_device", "an ephemeral device cannot move its family: run it on one that stays", category: .refused)

    private func refuseSecond(_ successor: WalletAddress, _ state: State) throws {
        guard !state.isLeaving else { throw Self.leaving }
        guard let own = state.file.candidates.first(where: { $0.isOwn }), own.successor != successor else { return }
        throw KinError(
            "succession_under_way",
            "this device is handing over to the wallet \(own.successor) already: use the phrase of that one  (kin wallet rotate --to)",
            category: .conflict, detail: ["successor": .text(own.successor)])
    }

    static let leaving = KinError(
        "succession_under_way", "this device is going over to another wallet this moment: run it again",
        category: .conflict,
        retryable: true)

    /// Takes what both wallets signed, and begins to tell the devices.
    /// - Throws: `no_draft`, `succession_invalid`, `message_too_large`.
    func take(_ signed: SignedSuccession) throws {
        guard let draft = state.withLock({ $0.draft }), signed.wallet.address == draft.succession.successor else {
            throw KinError("no_draft", "nothing was prepared for that wallet here: run it again", category: .conflict)
        }
        let succession = signed.succession.signed(by: installation.keys.signing)
        let handover = Handover(succession: succession, owner: installation.chain)
        guard succession.unsignedBytes() == draft.succession.unsignedBytes(), verified(handover) != nil,
            isAsDrafted(signed, draft)
        else { throw Self.invalid }
        let others = signed.certificates.dropFirst().map { Chain(certificate: $0) }
        let told = try others.map { SuccessionFile.Told(id: try mail.freshID(), chain: $0) }
        for one in told { try mail.checkSize(of: bundle(one, handover, signed.wallet), one.id) }
        try state.withLock { state in
            try refuseSecond(draft.succession.successor, state)
            let known = state.file.candidate(succession.successor)
            if known?.isHeld != true {
                let chain = ChainFile(chain: Chain(certificate: signed.certificates[0]), issuer: signed.issuer)
                try SuccessionSwitch.stage(chain, WalletFile(signed.wallet), draft.keys, in: installation.state)
            }
            try state.keep(entering(handover, told, state.file), in: installation.state)
            (state.draft, state.isEverybodyTold, state.trouble) = (nil, false, nil)
        }
        logger.notice("succession_made", metadata: ["successor": .string(succession.successor.description)])
        settle()
    }

    /// Where another device speaks for that wallet already this one follows it: its own certificate is here.
    private func entering(
        _ handover: Handover, _ told: [SuccessionFile.Told], _ known: SuccessionFile
    ) throws -> SuccessionFile {
        var file = known
        let successor = handover.succession.successor
        if let index = file.candidates.firstIndex(where: { $0.successor == successor }) {
            file.candidates[index].isHeld = true
            file.chosen = successor
            return file
        }
        _ = file.makeRoom()
        guard file.hasRoom else {
            throw KinError(
                "too_many_successions",
                "too many wallets claim to take over: choose one with  kin wallet rotate --follow", category: .conflict)
        }
        file.candidates.append(
            SuccessionFile.Candidate(handover: handover, isHeld: true, isTrusted: true, told: told))
        return file
    }

    private static let invalid = KinError(
        "succession_invalid", "what was signed is not what this device prepared, or not by both wallets",
        category: .refused)

    private func isAsDrafted(_ signed: SignedSuccession, _ draft: SuccessionDraft) -> Bool {
        let verifier = ChainVerifier(mesh: draft.succession.heir)
        guard let wallet = try? Ed25519.PublicKey(draft.succession.successor.bytes) else { return false }
        return signed.certificates.map { $0.unsignedBytes() } == draft.certificates.map { $0.unsignedBytes() }
            && signed.certificates.allSatisfy {
                (try? verifier.verify(Chain(certificate: $0), now: now())) != nil
            }
            && signed.issuer.unsignedBytes() == draft.issuer.unsignedBytes()
            && signed.issuer.isSigned(by: wallet)
    }

    /// Whom to tell, and of what.
    private func bundle(
        _ told: SuccessionFile.Told, _ handover: Handover, _ wallet: SuccessionBundle.Wallet
    ) -> SuccessionBundle {
        let isOwner = told.chain.certificate.role == .owner
        return SuccessionBundle(
            succession: handover.succession, owner: handover.owner, chain: told.chain,
            wallet: isOwner ? wallet : wallet.withoutSecrets)
    }

    /// Puts the messages into the outbox that are not there, and tells the broker once it has them all.
    func tell() async {
        guard let own = state.withLock({ $0.isLeaving ? nil : $0.file.candidates.first { $0.isOwn } }),
            let told = own.told
        else { return }
        do {
            var isDone = true
            for one in told {
                switch try mail.isDone(one.id) {
                case true?: break
                case false?: isDone = false
                case nil:
                    isDone = false
                    try await mail.queue(bundle(one, own.handover, try stagedWallet(own.successor)), one.id)
                }
            }
            tellBroker(own.handover, isEverybodyTold: isDone)
        } catch {
            logger.error("succession_untold", metadata: ["error": .string("\(error)")])
            state.withLock { $0.trouble = "\(error)" }
        }
    }

    private func stagedWallet(_ successor: WalletAddress) throws -> SuccessionBundle.Wallet {
        let folder = SuccessionFile.folder(of: successor, in: installation.state)
        guard let file = try WalletFile(reading: folder + "/wallet.json") else {
            throw KinError(
                "file_damaged", "\(folder) is damaged: run  kin wallet rotate --to  with the new phrase again")
        }
        return file.shared
    }

    private func tellBroker(_ handover: Handover, isEverybodyTold: Bool) {
        let time = now()
        let link = state.withLock { state in
            state.isEverybodyTold = isEverybodyTold
            // Where another wallet was first nothing is relayed, until the broker hears of this one.
            guard isEverybodyTold || state.file.candidates.count > 1, !state.isConfirmed,
                time - state.toldBrokerAt >= Self.patience
            else {
                return nil as MeshLink?
            }
            state.toldBrokerAt = time
            return state.link
        }
        link?.send([MeshFrame.succession(handover).encoded()])
    }
}
