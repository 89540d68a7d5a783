import KinEncoding
import KinWire

// From the hello to `ready`.

extension BrokerSession {
    func receivedWhileOpening(_ message: MeshFrame) {
        let (action, nonce) = state.withLock { state -> (BrokerOpening.Action, [UInt8]) in
            guard case .opening(var opening) = state.phase else { return (.wait, []) }
            let action = opening.received(message)
            state.phase = .opening(opening)
            return (action, opening.nonce)
        }
        switch action {
        case .wait: break
        case .check(let hello): check(hello, nonce: nonce)
        case .admit(let hello, let request): admit(hello, request)
        case .refuse(let code, let message): refuse(code: code, message: message)
        }
    }

    private func check(_ hello: Hello, nonce: [UInt8]) {
        let now = broker.now()
        guard abs(hello.timestamp - now) <= 60_000 else {
            return refuse(
                code: "clock_skew",
                message: "the clocks differ: yours says \(hello.timestamp), the server's \(now); set yours right")
        }
        do {
            try broker.verifier.verify(hello, nonce: nonce, origins: broker.origins, now: now)
        } catch {
            refuse(code: "unauthorized", message: String("\(error)".prefix(256)))
        }
    }

    private func admit(_ hello: Hello, _ request: FeatureRequest) {
        let credential = state.withLock { state -> JoinCredential? in
            guard case .opening(let opening) = state.phase else { return nil }
            state.phase = .joining
            return opening.credential
        }
        sink.send(.featureResponse(broker.policy.features(for: request)))
        Task { await join(hello, credential: credential) }
    }

    private func join(_ hello: Hello, credential: JoinCredential?) async {
        do {
            let hub = try await broker.hub(for: hello.mesh)
            let member = hello.chain.member
            let positions = try broker.store.positions(of: member, in: hub.key)
            let valid = credential.flatMap { broker.verifier.isValid($0, now: broker.now()) ? $0 : nil }
            let newcomer = MeshHub.Newcomer(
                session: self, chain: hello.chain, credential: valid, sessionID: broker.verifier.random(8),
                positions: positions)
            guard try await comeIn(newcomer, hub) else {
                hub.refused(member)
                return refuseForOlder()
            }
            let isHere = state.withLock { state -> Bool in
                guard case .ready = state.phase, !state.isEnding else { return false }
                state.window = DeliveryWindow(positions: positions.map { min($0, state.rewound) })
                return true
            }
            // The connection may have gone before the hub knew of it.
            guard isHere else { return hub.leave(self, member: member) }
            if hello.revocationHead != hub.ledger.head { compareRevocations(with: hub.ledger) }
            pump()
        } catch is MeshNotAllowed {
            refuse(
                code: "mesh_not_allowed",
                message: "this server takes no new families: start kin serve with --wallet \(hello.mesh.wallet)")
        } catch let revoked as Revoked {
            // With the proof, so that the device need not take this server's word for it.
            sink.send(Revocations.carrying(revoked.proofs).map { MeshFrame.revocations($0).encoded() })
            noteRefusal(CloseCode.memberRevoked.reason)
            end(.memberRevoked)
        } catch let refusal as CredentialRefusal {
            refuse(code: refusal.rawValue, message: refusal.message)
        } catch let conflict as ChainConflict {
            refuse(code: "unauthorized", message: conflict.rawValue, counting: conflict.rawValue)
        } catch {
            noteRefusal("storage_unavailable")
            end(.serverDraining, reason: "storage_unavailable")
        }
    }

    /// Joins, once older sessions that are in the way were asked for a sign of life.
    /// - Returns: false where one of them gave it.
    private func comeIn(_ newcomer: MeshHub.Newcomer, _ hub: MeshHub) async throws -> Bool {
        var newcomer = newcomer
        let membership = Membership(hub: hub, member: newcomer.chain.member)
        while true {
            let joined = try hub.join(newcomer) {
                state.withLock { state in
                    guard case .joining = state.phase, !state.isEnding else { return false }
                    state.phase = .ready(membership)
                    return true
                }
            }
            guard case .occupied(let older) = joined else { return true }
            state.withLock { $0.waitsForOlder = true }
            for session in older {
                if await session.answers() { return false }
                newcomer.silent.append(session)
            }
        }
    }

    private func refuseForOlder() {
        let code = CloseCode.memberAlreadyConnected
        noteRefusal(code.reason)
        sink.send(
            .error(
                ErrorFrame(
                    code: code.reason,
                    message:
                        "another daemon is connected as this device, and this mesh prefers the older connection: stop it first"
                )))
        end(code)
    }

    private func noteRefusal(_ code: String) {
        guard !state.withLock({ $0.isEnding }) else { return }
        broker.metrics.refusals[code].add()
        broker.onRefusal(code)
    }

    /// Asks for what the daemon knows; it sees by this what it lacks itself.
    private func compareRevocations(with ledger: any BrokerLedger) {
        sink.send(.revocationsGet(RevocationsGet(have: Array(ledger.hashes.prefix(RevocationsGet.maxHashes)))))
    }

    /// - Parameter reason: as what it counts, where that says more than the code.
    func refuse(code: String, message: String, counting reason: String? = nil) {
        noteRefusal(reason ?? code)
        sink.send(.error(ErrorFrame(code: code, message: message)))
        end(.unauthorized, reason: code)
    }
}
