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
        _ proof: SettingsProof, judgedBy verifier: any BrokerVerifier, answer: @escaping HeldSettings.Answer
    ) {
        let verdict = state.withLock { state -> HeldSettings.Verdict? in
            guard mayBeSigned(proof, state) else { return nil }
            return state.settings.take(.init(proof, answer), holding: holding(state)) {
                verifier.isNewer($0, than: $1)
            }
        }
        switch verdict {
        case nil: answer(.invalid)
        case .outdated: answer(.outdated)
        case .known: break
        case .queued(let older): older?.answer(.outdated)
        case .write: write(proof)
        }
    }

    /// Whether the signer is, as far as it is known here, who its chain says.
    private func mayBeSigned(_ proof: SettingsProof, _ state: State) -> Bool {
        guard ledger.revocations(of: proof.owner).isEmpty else { return false }
        return proof.owner.mayReplace(state.chains[proof.owner.member])
    }

    private func write(_ proof: SettingsProof) {
        store.put(proof, in: key) { [self] isStored in
            let (done, next, superfluous) = state.withLock { state in
                let (done, next) = state.settings.written(isStored)
                guard isStored else { return (done, next, [] as [Superfluous]) }
                let frame = MeshFrame.settings(proof).encoded()
                for session in state.sessions { session.sink.send([frame]) }
                return (done, next, takeOutSuperfluous(&state))
            }
            for (session, code) in superfluous { session.end(code) }
            done?.answer(isStored ? nil : .notStored)
            if let next { write(next.proof) }
        }
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
