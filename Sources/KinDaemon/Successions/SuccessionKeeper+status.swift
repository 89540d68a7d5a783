import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

// What users are told, and decide.

extension SuccessionKeeper {
    /// The user decides for a wallet.
    /// - Throws: `unknown_succession`.
    func follow(_ successor: WalletAddress) throws {
        try state.withLock { state in
            guard !state.isLeaving else { throw Self.leaving }
            guard successor != installation.mesh.wallet else { return }
            guard state.file.candidate(successor) != nil else {
                let known = state.file.candidates.map { $0.successor.description }
                throw KinError(
                    "unknown_succession",
                    known.isEmpty
                        ? "this device has heard of no wallet that would take over: is it online?"
                        : "this device has not heard of that wallet; it knows \(known.joined(separator: ", "))",
                    category: .notFound, detail: ["candidates": .strings(known)])
            }
            var file = state.file
            file.chosen = successor
            try state.keep(file, in: installation.state)
        }
        settle()
    }

    func progress() -> SuccessionProgress {
        let (file, trouble) = state.withLock { ($0.file, $0.obstacle) }
        return SuccessionProgress(
            mesh: installation.mesh, previous: installation.previous,
            candidates: file.candidates.map { candidate in
                SuccessionProgress.Candidate(
                    successor: candidate.successor, speaker: family.name(of: candidate.handover.succession.member),
                    held: candidate.isHeld, trusted: candidate.isTrusted, own: candidate.isOwn)
            }, following: file.followed?.successor, devices: devices(file), trouble: trouble)
    }

    private func devices(_ file: SuccessionFile) -> [SuccessionProgress.Device] {
        let told = file.candidates.first { $0.isOwn }?.told ?? []
        let ids = Dictionary(told.map { ($0.chain.member, $0.id) }) { first, _ in first }
        let members = Set(ids.keys).union(family.everybody.map(\.member)).subtracting([installation.chain.member])
        return members.map { member in
            SuccessionProgress.Device(
                name: family.name(of: member), member: member,
                told: ids[member].flatMap { (try? mail.isDone($0)) ?? nil } ?? false,
                here: family.roster.isOnline(member))
        }.sorted { $0.name < $1.name }
    }

    /// Whether what `notice` says waits for the user.
    var waitsForDecision: Bool {
        let file = state.withLock { $0.file }
        return notice != nil && (file.isConflict || file.followed == nil)
    }

    /// One line for `kin status`; nil where there is nothing to say.
    var notice: String? {
        let file = state.withLock { $0.file }
        if file.isConflict {
            let rivals = file.candidates.map {
                "\($0.successor) (by \(family.name(of: $0.handover.succession.member)))"
            }
            return
                "several wallets claim to take over: \(rivals.joined(separator: ", ")). None is followed by itself: kin wallet rotate --follow ADDRESS  on each device decides"
        }
        let own = installation.chain
        if let claim = file.candidates.first(where: { !$0.isHeld && $0.handover.succession.member == own.member }),
            file.candidates.count == 1, !claim.isOwn
        {
            return
                "a copy of this device went over to the wallet \(claim.successor); one certificate is not for two: run  kin wallet forget  here, and join anew"
        }
        if let followed = file.followed {
            return followed.isHeld
                ? "moving to the wallet \(followed.successor) once everything sent here has arrived"
                : "the wallet \(followed.successor) takes over; waiting for this device's certificate"
        }
        guard let claim = file.candidates.first else { return nil }
        return
            "\(family.name(of: claim.handover.succession.member)), which this device has not known for a day, says that the wallet \(claim.successor) takes over. If you did that:  kin wallet rotate --follow \(claim.successor)"
    }
}

extension SuccessionKeeper.State {
    /// Why this device, which hands over, has not gone itself; nil where it does not, or nothing stands in the way.
    fileprivate var obstacle: String? {
        guard let own = file.candidates.first(where: \.isOwn), !isLeaving else { return nil }
        if let trouble { return trouble }
        if link == nil { return "this device is not connected to its server" }
        if !isEverybodyTold { return "the server has not taken every device's certificate yet" }
        if !isConfirmed { return "the server has not answered yet" }
        return drained == own.successor ? nil : "messages for this device still wait at the server"
    }
}
