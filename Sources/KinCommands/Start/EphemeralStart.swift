import ArgumentParser
import Foundation
import KinIdentity
import KinWire

/// Makes the identity and the folder of an ephemeral daemon.
struct EphemeralStart {
    let context: CommandContext
    let start: StartOptions

    /// By a join credential where there is one, else by the recovery phrase.
    /// - Parameter ticket: the text of a join credential.
    /// - Throws: `membership_missing`, `ticket_…`, whatever is wrong with a phrase.
    func identity(ticket: String?) async throws -> EphemeralIdentity {
        if let ticket, !start.phrase {
            return try EphemeralIdentity(ticket: ticket, lifetime: start.ttl?.milliseconds, now: context.now())
        }
        // Standard input of a job may stay open for ever: it is read only where the phrase is said to be there.
        guard start.phrase || context.terminal.canAsk else { throw Self.membershipMissing(context) }
        let wallet = try PhraseInput.read(
            context, hasPassphrase: start.words.passphrase, purpose: "of the family it joins"
        ).wallet()
        return try await EphemeralIdentity(
            wallet: wallet.walletFile, signer: wallet, lifetime: start.ttl?.milliseconds, now: context.now())
    }

    /// A private folder; what killed ones left is removed first.
    func folder() throws -> EphemeralFolder {
        let parent = Self.temporary(context.environment)
        EphemeralFolder.sweep(parent)
        return try EphemeralFolder(in: parent)
    }

    private static func temporary(_ environment: [String: String]) -> String {
        guard let named = environment["TMPDIR"], named.hasPrefix("/") else { return "/tmp" }
        return named.hasSuffix("/") ? String(named.dropLast()) : named
    }

    private static func membershipMissing(_ context: CommandContext) -> KinError {
        let state = try? StateFolder(environment: context.environment)
        let isEnrolled = state.map { FileManager.default.fileExists(atPath: $0.walletPath) } ?? false
        let kept = isEnrolled ? "; --persistent starts the device that is enrolled here" : ""
        return KinError(
            "membership_missing",
            "an ephemeral device joins by a join credential in KINDRED_JOIN or --join FILE  (kin mesh credential  makes one), or by the recovery phrase with --phrase\(kept)",
            category: .usage)
    }
}
