import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

// What the local API shows and changes.

extension MeshSettingsKeeper {
    /// How long the broker may take to say that it has new settings.
    static let patience = Duration.seconds(5)

    func shown() -> MeshSettingsInfo {
        state.withLock { state in
            let holding = holding(state)
            let policy = holding?.settings.concurrentPolicy ?? state.defaultPolicy
            return MeshSettingsInfo(
                concurrentPolicy: policy,
                set: (holding?.settings).map {
                    .init(seq: $0.seq, member: $0.member.description, name: family.name(of: $0.member), at: $0.at)
                }, server: server(state, holding))
        }
    }

    private func server(_ state: State, _ holding: SettingsProof?) -> MeshSettingsInfo.Server {
        guard state.link != nil else { return .notConnected }
        // What fell with its signer fell there too.
        let told = state.told?.settings == state.newest?.settings && holding == nil ? nil : state.told
        return !state.isLiedTo && told?.settings == holding?.settings ? .agrees : .differs
    }

    /// Signs, keeps and tells the broker what an owner wants.
    /// - Throws: `not_an_owner`; `not_connected`, `timeout`, `settings_…` where the broker has not taken it.
    func set(_ policy: ConcurrentPolicy) async throws -> MeshSettingsInfo {
        guard installation.chain.certificate.role == .owner else {
            throw KinError(
                "not_an_owner", "only an owner device sets the mesh: run this where the recovery phrase was entered",
                category: .refused)
        }
        let proof = try state.withLock { state in
            if let holding = holding(state), holding.settings.concurrentPolicy == policy { return holding }
            let proof = try Self.sign(policy, after: state.newest?.settings, installation, now: now())
            state.newest = proof
            logChange(proof.settings)
            return proof
        }
        switch await brokersAnswer(to: proof) {
        case .taken: return shown()
        case .superseded: throw Self.superseded
        case .notConnected: throw Self.waits("not_connected", "no server is connected")
        case .timeout: throw Self.waits("timeout", "the server has not answered within \(Self.patience)")
        case .refused(let error): throw Self.refused(error)
        }
    }

    private func brokersAnswer(to proof: SettingsProof) async -> Answer {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                guard let link = state.link else { return continuation.resume(returning: .notConnected) }
                guard state.told?.settings != proof.settings else { return continuation.resume(returning: .taken) }
                state.lastWaiting += 1
                let id = state.lastWaiting
                state.waiting.append(Waiting(id: id, settings: proof.settings, continuation: continuation))
                link.send([MeshFrame.settings(proof).encoded()])
                Task { [weak self] in
                    try? await Task.sleep(for: Self.patience)
                    self?.giveUp(id)
                }
            }
        }
    }

    private func giveUp(_ id: Int) {
        state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return }
            state.waiting.remove(at: index).continuation.resume(returning: .timeout)
        }
    }

    private static let superseded = KinError(
        "settings_outdated",
        "the mesh was set again meanwhile: look at it with  kin mesh set , and set again what you want",
        category: .conflict)

    private static func waits(_ code: String, _ reason: String) -> KinError {
        KinError(
            code,
            "\(reason): the setting is kept on this device and goes out with the next connection; kin mesh set  shows when the server agrees",
            category: .unreachable, retryable: true)
    }

    private static func refused(_ error: ErrorFrame) -> KinError {
        switch error.code {
        case "settings_outdated": superseded
        case "unknown_message_type":
            KinError(
                error.code, "the server knows no settings of a mesh: update it, or use another", category: .refused)
        case "storage_unavailable":
            KinError(
                error.code,
                "the server could not store the setting: it is kept on this device and goes out with the next connection",
                retryable: true)
        default:
            KinError(
                error.code, "the server does not take the setting: \(error.message)", category: .refused)
        }
    }
}
