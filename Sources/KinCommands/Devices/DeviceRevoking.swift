import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

/// Revokes by the daemon; where only the wallet may, with the phrase that is asked for here. The daemon never sees it.
struct DeviceRevoking {
    let daemon: LocalDaemon
    let phrase: PhraseOptions
    let context: CommandContext

    func revoke(_ request: RevokeRequest) async throws -> RevokeAnswer {
        let answer = try await daemon.call { try await $0.revoke(request) }
        guard !answer.revoked else { return answer }
        let proof = try await sign(answer.entry, asked: request)
        let done = try await daemon.call { try await $0.submit(SignedRevocation(proof: proof)) }
        return RevokeAnswer(revoked: true, name: answer.name, entry: done.entry)
    }

    private func sign(_ entry: Revocation, asked request: RevokeRequest) async throws -> RevocationProof {
        let file = try daemon.requireWallet()
        // What comes from the daemon is signed with the wallet's key: it must be what was asked for.
        guard entry.author == .wallet, entry.mesh == .home(of: file.address), entry.reason == request.reason,
            ULID(request.device).map({ $0 == entry.target }) ?? true
        else {
            throw KinError("daemon_answer", "the daemon asks for a signature over something else: is it kin's?")
        }
        let wallet = try phrase.wallet(of: file, context, purpose: "to revoke an owner")
        return RevocationProof(entry: try await wallet.sign(entry))
    }
}
