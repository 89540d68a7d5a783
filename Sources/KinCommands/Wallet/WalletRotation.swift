import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinVault
import KinWire

/// Hands a family over from one wallet to another: what has to be signed is signed here, so that the daemon sees no phrase.
struct WalletRotation {
    private static let interval = Duration.milliseconds(200)

    let daemon: LocalDaemon
    let old: VaultWallet
    let output: Output

    /// What both wallets have to sign.
    func plan(for new: VaultWallet, with: [String]) async throws -> SuccessionPlan {
        let plan = try await daemon.call { try await $0.draftSuccession(to: new.address, with: with) }
        try check(plan, new)
        return plan
    }

    func hand(over plan: SuccessionPlan, to new: VaultWallet) async throws {
        output.note("moving to wallet \(new.address): \(plan.names.joined(separator: ", "))")
        let succession = try await plan.succession.signed(old: old, new: new)
        var certificates: [Certificate] = []
        for certificate in plan.certificates { certificates.append(try await new.sign(certificate)) }
        let signed = SignedSuccession(
            succession: succession, certificates: certificates, issuer: try await new.sign(plan.issuer),
            wallet: new.walletFile.shared)
        try await daemon.call { try await $0.succeed(signed) }
        for left in plan.left {
            let way = left.role == .owner ? "kin wallet import  with the new phrase" : "kin device request"
            output.note(
                "left behind, because it is new: \(left.name). If it is yours, run there:  kin wallet forget  and  \(way)",
                .bad)
        }
    }

    /// What comes from the daemon is signed with both wallets' keys: it must be what was asked for.
    private func check(_ plan: SuccessionPlan, _ new: VaultWallet) throws {
        let heir = MeshID.home(of: new.address)
        let member = plan.succession.member
        guard plan.succession.mesh == .home(of: old.address), plan.succession.successor == new.address,
            plan.issuer.mesh == heir, plan.issuer.issuer == member, plan.issuer.maxRole == .member,
            plan.certificates.first?.member == member, plan.names.count == plan.certificates.count,
            plan.certificates.allSatisfy({ $0.mesh == heir && $0.issuer == .wallet })
        else {
            throw KinError("daemon_answer", "the daemon asks for a signature over something else: is it kin's?")
        }
    }

    /// Waits until this device is in the new mesh, and with it those that come along and were online before.
    /// - Returns: the members that are connected there.
    /// - Throws: `succession_conflict`, `succession_waits`.
    func wait(
        for plan: SuccessionPlan, online before: SuccessionProgress, milliseconds: Int64
    ) async throws -> Set<ULID> {
        let successor = plan.succession.successor
        let coming = Set(plan.certificates.map(\.member))
        let expected = before.devices.filter { $0.here && coming.contains($0.member) }
        let deadline = ContinuousClock.now + .milliseconds(milliseconds)
        var last: SuccessionProgress?
        var hasMoved = false
        while true {
            // While the daemon goes over nobody answers for a moment.
            last = try? await daemon.client.successionProgress()
            if let progress = last {
                let missing = expected.filter { !progress.here.contains($0.member) }
                if progress.mesh.wallet == successor {
                    if !hasMoved { sayMoved(to: successor, missing, milliseconds) }
                    hasMoved = true
                    if missing.isEmpty { return progress.here }
                } else if progress.candidates.count > 1, progress.following == nil {
                    throw conflict(progress, successor)
                }
            }
            guard ContinuousClock.now < deadline else { break }
            try await Task.sleep(for: Self.interval)
        }
        if let last, last.mesh.wallet == successor { return last.here }
        let reason = last.map { $0.trouble ?? "it is about to" } ?? "no daemon answers: start it again with  kin up"
        throw KinError(
            "succession_waits",
            "this machine has not gone over yet: \(reason). Keep the new phrase: the daemon goes on by itself, and  kin status  tells how far it is",
            category: .unreachable, retryable: true)
    }

    private func sayMoved(
        to successor: WalletAddress, _ missing: [SuccessionProgress.Device], _ milliseconds: Int64
    ) {
        output.note("this machine is in wallet \(successor) now", .good)
        guard !missing.isEmpty else { return }
        let names = missing.map(\.name).joined(separator: ", ")
        output.note("waiting for \(names), \(milliseconds / 1000) s at most; it does no harm to stop here")
    }

    private func conflict(_ progress: SuccessionProgress, _ successor: WalletAddress) -> KinError {
        let rivals = progress.candidates.filter { $0.successor != successor }
        let names = rivals.map { "\($0.successor) (by \($0.speaker))" }.joined(separator: ", ")
        return KinError(
            "succession_conflict",
            "another wallet claims to take over: \(names). Nobody follows by himself now: run  kin wallet rotate --follow \(successor)  on each of your devices, this one last",
            category: .conflict, detail: ["rivals": .strings(rivals.map(\.successor.description))])
    }
}

extension SuccessionProgress {
    fileprivate var here: Set<ULID> { Set(devices.filter(\.here).map(\.member)) }
}
