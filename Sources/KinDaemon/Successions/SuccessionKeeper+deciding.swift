import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging

// Whom this device believes and follows, and when it goes.

extension SuccessionKeeper {
    /// A succession of this mesh, said by somebody who may; nil else.
    func verified(_ handover: Handover) -> VerifiedMember? {
        let mesh = installation.mesh
        do throws(SuccessionFault) {
            let speaker = try handover.verify(in: mesh, revocations: installation.revocations, now: now())
            guard speaker.chain.mayReplace(family.known(speaker.member)) else { throw .speakerInvalid }
            return speaker
        } catch {
            logger.warning("succession_refused", metadata: ["fault": .string(error.rawValue)])
            return nil
        }
    }

    /// What is known once a wallet would take over. Whether it is trusted is decided here, once: who only waits does not become known by it.
    /// - Returns: nil where it is no news.
    func noting(_ handover: Handover, by speaker: VerifiedMember, _ state: State) -> SuccessionFile? {
        var file = state.file
        guard file.candidate(handover.succession.successor) == nil else { return nil }
        _ = file.makeRoom()
        guard file.hasRoom else { return nil }
        let isKnown = state.seen.vouches(for: speaker, at: handover.succession.at, now: now())
        file.candidates.append(SuccessionFile.Candidate(handover: handover, isHeld: false, isTrusted: isKnown))
        return file
    }

    func following(_ successor: WalletAddress, _ known: SuccessionFile) -> SuccessionFile {
        var file = known
        for index in file.candidates.indices where file.candidates[index].successor == successor {
            file.spent += file.candidates[index].told?.map(\.id) ?? []
            file.candidates[index].told = nil
        }
        return file
    }

    func announce(_ successor: WalletAddress, _ speaker: VerifiedMember) {
        let file = state.withLock { $0.file }
        let isTrusted = file.candidate(successor)?.isTrusted == true
        logger.notice(
            file.isConflict ? "succession_conflict" : "succession",
            metadata: [
                "successor": .string(successor.description), "speaker": .string(speaker.member.description),
                "trusted": .stringConvertible(isTrusted),
            ])
        let data: [String: JSON] = [
            "successor": .text(successor), "speaker": .string(family.name(of: speaker.member)),
            "trusted": .bool(isTrusted),
        ]
        events.publish(DaemonEvent(kind: file.isConflict ? .successionConflict : .succession, data: .object(data)))
    }

    /// Moves where it is time to.
    func settle() {
        do {
            try state.withLock { state in
                guard !state.isLeaving, let followed = state.file.followed,
                    followed.isHeld || installation.isEphemeral, mayLeave(for: followed, state)
                else { return }
                guard !installation.isEphemeral else {
                    state.isLeaving = true
                    return leave(for: followed.successor)
                }
                var file = state.file
                for member in family.everybody {
                    file.names[member.member] = family.ownName(of: member.member) ?? member.member.description
                }
                if followed.isOwn {
                    file.policy = try SettingsFile.read(installation.state)?.settings.concurrentPolicy
                } else {
                    try SuccessionSwitch.takeTold(for: followed.successor, in: installation.state)
                }
                try SuccessionSwitch(installation.state, now: now()).begin(file, to: followed.successor)
                state.isLeaving = true
                // Registry keys are in these: they go while the outbox is still to be closed, which empties its log as well.
                mail.forget(followed.told?.map(\.id) ?? [])
                leave(for: followed.successor)
            }
        } catch {
            logger.error("succession_unwritable", metadata: ["error": .string("\(error)")])
        }
    }

    private func mayLeave(for followed: SuccessionFile.Candidate, _ state: State) -> Bool {
        if followed.isOwn && !state.isEverybodyTold { return false }
        // Where several claim it the old mesh is open and never empty: whoever was told to go goes.
        let isTold = state.file.chosen == followed.successor && state.file.candidates.count > 1
        return isTold || state.drained == followed.successor
    }

    /// Whoever asked for it over the local API gets an answer first.
    private static let grace = Duration.milliseconds(300)

    private func leave(for successor: WalletAddress) {
        logger.notice("succession_follows", metadata: ["successor": .string(successor.description)])
        Task { [end] in
            try? await Task.sleep(for: Self.grace)
            end.yield()
        }
    }
}

extension SuccessionKeeper.State {
    /// On disk before it is in force; what waited for claims that were dropped goes.
    mutating func keep(_ file: SuccessionFile, in folder: StateFolder) throws {
        let dropped = self.file.candidates.map(\.successor).filter { file.candidate($0) == nil }
        try file.write(in: folder)
        self.file = file
        for successor in dropped { try SuccessionSwitch.discard(successor, in: folder) }
    }
}
