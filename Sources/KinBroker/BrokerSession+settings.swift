import KinWire

extension BrokerSession {
    /// A daemon says what an owner signed: itself, or what it heard and this broker may have lost.
    func set(_ proof: SettingsProof, _ membership: Membership) {
        let hub = membership.hub
        // Said again: answering costs no verification.
        if let holding = hub.settings, holding.settings == proof.settings { return sink.send(.settings(holding)) }
        do {
            try broker.verifier.verify(proof, in: hub.mesh, now: broker.now())
        } catch {
            return refuseSettings(.invalid, String("\(error)".prefix(256)))
        }
        hub.take(proof, judgedBy: broker.verifier) { [weak self] refusal in
            guard let refusal else { return }
            if refusal == .outdated, let holding = hub.settings { self?.sink.send(.settings(holding)) }
            self?.refuseSettings(refusal, refusal.message)
        }
    }

    private func refuseSettings(_ refusal: SettingsRefusal, _ message: String) {
        sink.send(.error(ErrorFrame(code: refusal.rawValue, message: message, ref: "settings")))
    }
}
