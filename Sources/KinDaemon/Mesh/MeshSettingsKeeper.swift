import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// Keeps the newest settings of the mesh this device has seen: on disk before anybody hears of them, and told again to a broker that forgot.
final class MeshSettingsKeeper: Sendable {
    struct State {
        /// On disk; they need not hold: their signer may have been revoked since.
        var newest: SettingsProof?
        var link: MeshLink?
        /// The connected broker's, or of the last one that was.
        var defaultPolicy = NegotiatedFeatures.assumed.concurrentPolicy
        /// By the broker, on this connection.
        var told: SettingsProof?
        /// The broker said what no owner signed.
        var isLiedTo = false
        /// It was told on this connection what it had forgotten: a broker that goes on is not argued with.
        var wasReminded = false
        var waiting: [Waiting] = []
        var lastWaiting = 0
    }

    /// Somebody who wants to know what the broker says to settings.
    struct Waiting {
        var id: Int
        var settings: MeshSettings
        var continuation: CheckedContinuation<Answer, Never>
    }

    enum Answer {
        case taken, superseded, notConnected, timeout
        case refused(ErrorFrame)
    }

    let installation: Installation
    let family: Family
    private let counters: InboundCounters
    private let logger: Logger
    /// Milliseconds.
    let now: @Sendable () -> Int64
    let state: Mutex<State>

    /// - Throws: where `settings.json` cannot be read.
    init(
        _ installation: Installation, family: Family, counters: InboundCounters, logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) throws {
        self.installation = installation
        self.family = family
        self.counters = counters
        self.logger = logger
        self.now = now
        let kept = try SettingsFile.read(installation.state)
        // Those of the mesh before the wallet changed say nothing here, until this device says them again.
        var newest = kept?.settings.mesh == installation.mesh ? kept : nil
        if newest == nil, let policy = installation.inheritedPolicy {
            newest = try Self.sign(policy, after: nil, installation, now: now())
        }
        state = Mutex(State(newest: newest))
    }

    /// Signs what an owner wants, and keeps it.
    static func sign(
        _ policy: ConcurrentPolicy, after known: MeshSettings?, _ installation: Installation, now: Int64
    ) throws -> SettingsProof {
        let settings = MeshSettings.next(
            after: known, in: installation.mesh, concurrentPolicy: policy, by: installation.chain.member, now: now)
        let proof = SettingsProof(
            settings: settings.signed(by: installation.keys.signing), owner: installation.chain)
        try SettingsFile.write(proof, in: installation.state)
        return proof
    }

    // MARK: The connection

    func connected(_ link: MeshLink, _ features: NegotiatedFeatures) {
        state.withLock { state in
            (state.link, state.told, state.isLiedTo, state.wasReminded) = (link, nil, false, false)
            state.defaultPolicy = features.concurrentPolicy
        }
    }

    func disconnected(_ link: MeshLink) {
        state.withLock { state in
            guard state.link === link else { return }
            (state.link, state.told) = (nil, nil)
            answer(.notConnected, &state) { _ in true }
        }
    }

    /// The broker has had its turn: what it did not tell it does not have.
    func compare(_ link: MeshLink) {
        state.withLock { state in
            guard state.link === link, let holding = holding(state) else { return }
            if state.told?.settings != holding.settings { remind(&state, of: holding) }
        }
    }

    /// The broker's answer to what it was told.
    func brokerRefused(_ error: ErrorFrame) {
        guard error.ref == "settings" || error.code == "unknown_message_type" else { return }
        state.withLock { state in answer(.refused(error), &state) { _ in true } }
    }

    /// What the broker says that an owner signed.
    func brokerTold(_ proof: SettingsProof, _ link: MeshLink) {
        state.withLock { state in
            guard state.link === link else { return }
            guard state.newest?.settings == proof.settings || isBelieved(proof) else {
                state.isLiedTo = true
                return
            }
            (state.told, state.isLiedTo) = (proof, false)
            if let holding = holding(state), holding.settings.isNewer(than: proof.settings) {
                counters.note(.settingsRolledBack)
                logger.warning(
                    "settings_rolled_back",
                    metadata: [
                        "told": .stringConvertible(proof.settings.seq),
                        "known": .stringConvertible(holding.settings.seq),
                    ])
                return remind(&state, of: holding)
            }
            if state.newest?.settings != proof.settings { keep(proof, &state) }
            answer(.taken, &state) { $0 == proof.settings }
            answer(.superseded, &state) { proof.settings.isNewer(than: $0) }
        }
    }

    private func isBelieved(_ proof: SettingsProof) -> Bool {
        do throws(SettingsFault) {
            let signer = try proof.verify(in: installation.mesh, revocations: installation.revocations, now: now())
            guard signer.chain.mayReplace(family.known(signer.member)) else { throw .ownerInvalid }
            return true
        } catch {
            counters.note(.settingsRefused)
            logger.warning("settings_refused", metadata: ["fault": .string(error.rawValue)])
            return false
        }
    }

    private func keep(_ proof: SettingsProof, _ state: inout State) {
        state.newest = proof
        logChange(proof.settings)
        do {
            try SettingsFile.write(proof, in: installation.state)
        } catch {
            // They hold while this process lives, and the broker tells them again.
            logger.error("settings_unwritable", metadata: ["error": .string("\(error)")])
        }
    }

    /// Whoever decided it, here or elsewhere.
    func logChange(_ settings: MeshSettings) {
        logger.notice(
            "mesh_settings_changed",
            metadata: [
                "concurrent_policy": .string(settings.concurrentPolicy.rawValue),
                "seq": .stringConvertible(settings.seq), "by": .string(settings.member.description),
            ])
    }

    private func remind(_ state: inout State, of holding: SettingsProof) {
        guard !state.wasReminded else { return }
        state.wasReminded = true
        state.link?.send([MeshFrame.settings(holding).encoded()])
    }

    func answer(_ answer: Answer, _ state: inout State, _ isFor: (MeshSettings) -> Bool) {
        let answered = state.waiting.filter { isFor($0.settings) }
        state.waiting.removeAll { isFor($0.settings) }
        for waiting in answered { waiting.continuation.resume(returning: answer) }
    }

    /// The newest, where they hold: by an owner that is one.
    func holding(_ state: State) -> SettingsProof? {
        guard let newest = state.newest, installation.revocations.current.entries(revoking: newest.owner).isEmpty,
            now() < newest.owner.certificate.expiresAt ?? .max
        else { return nil }
        return newest
    }
}
