import KinEncoding
import KinWire

// What owners decided for the whole mesh.

extension MeshHub {
    /// The settings that hold: on disk, and by an owner that was not revoked.
    var settings: SettingsProof? { state.withLock { holding($0) } }

    func holding(_ state: State) -> SettingsProof? {
        guard let kept = state.settings.kept, ledger.revocations(of: kept.owner).isEmpty,
            now() < kept.owner.certificate.expiresAt ?? .max
        else { return nil }
        return kept
    }

    func policy(_ state: State) -> ConcurrentPolicy {
        holding(state)?.settings.concurrentPolicy ?? defaultPolicy
    }

    /// Takes in settings whose signature was verified. Once they are on disk everybody is told, and they are in force.
    /// - Parameter answer: called with why they are not taken, nil where they are.
    func take(
        _ proof: SettingsProof, judgedBy verifier: any BrokerVerifier,
        answer: @escaping @Sendable (SettingsRefusal?) -> Void
    ) {
        enum Verdict { case store, wait, refuse(SettingsRefusal) }
        let verdict = state.withLock { state -> Verdict in
            guard mayBeSigned(proof, state) else { return .refuse(.invalid) }
            if let pending = state.settings.pending {
                // Said by several at once: everybody is told when it is stored.
                return pending.settings == proof.settings ? .wait : .refuse(.notStored)
            }
            if let holding = holding(state), !verifier.isNewer(proof.settings, than: holding.settings) {
                return .refuse(.outdated)
            }
            state.settings.take(proof)
            return .store
        }
        switch verdict {
        case .wait: break
        case .refuse(let refusal): answer(refusal)
        case .store:
            store.put(proof, in: key) { [self] isStored in
                stored(proof, isStored)
                answer(isStored ? nil : .notStored)
            }
        }
    }

    /// Whether the signer is, as far as it is known here, who its chain says.
    private func mayBeSigned(_ proof: SettingsProof, _ state: State) -> Bool {
        guard ledger.revocations(of: proof.owner).isEmpty else { return false }
        guard let known = state.chains[proof.owner.member] else { return true }
        return (try? ChainConflict.check(proof.owner, replacing: known)) != nil
    }

    private func stored(_ proof: SettingsProof, _ isStored: Bool) {
        let superfluous = state.withLock { state in
            state.settings.written(isStored)
            guard isStored else { return [] as [Superfluous] }
            let frame = MeshFrame.settings(proof).encoded()
            for session in state.sessions { session.sink.send([frame]) }
            return takeOutSuperfluous(&state)
        }
        for (session, code) in superfluous { session.end(code) }
    }

    typealias Superfluous = (session: BrokerSession, code: CloseCode)

    /// Takes out the sessions that are one too many under the policy as it is now.
    func takeOutSuperfluous(_ state: inout State) -> [Superfluous] {
        let policy = policy(state)
        guard policy != .allowConcurrent else { return [] }
        var found: [Superfluous] = []
        for (member, siblings) in state.siblings where siblings.sessions.count > 1 {
            let (ended, code) =
                policy == .preferNewest
                ? (siblings.sessions.dropLast(), CloseCode.replacedByNewerConnection)
                : (siblings.sessions.dropFirst(), .memberAlreadyConnected)
            for session in ended {
                _ = state.siblings[member]?.remove(session)
                found.append((session, code))
            }
        }
        return found
    }
}
