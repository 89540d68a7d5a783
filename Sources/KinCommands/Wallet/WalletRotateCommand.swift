import ArgumentParser
import Foundation
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinVault
import KinWire

struct WalletRotateCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Move the whole family to a new recovery phrase, because the old one leaked.",
        discussion: """
            Makes a new phrase, shows it once, and asks for the old one: the phrase itself, or the passphrase of the vault that was \
            sealed here. Every device that is online follows by itself, the others when they come back; what was sent before \
            still arrives. Piped, what opens the old wallet comes first; with --to the new phrase follows on the next line.

            Whoever found the phrase can have made himself a device. So one that was seen here first less than a day ago stays \
            behind, unless you say that it is yours: asked on a terminal, or named by --with.

            A device follows by itself only where it has known the one that speaks for a day, and where no other wallet claims the \
            same. Else  kin status  on it says so, and --follow decides there.

            EXAMPLES
              kin wallet rotate
              kin wallet rotate --print --yes --with studio < old-phrase > new-phrase
              kin wallet rotate --to                    a new phrase that you have already
              kin wallet rotate --follow 7fUAJdStEuGbc3sM84cKRL6yYaaSstyLSU4ve5oovLS7
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var secret: VaultSecretOptions

    @Flag(help: "Write the new words even where the output is no terminal: one line.")
    var print = false

    @Flag(help: "Do not ask three of the new words back.")
    var yes = false

    @Flag(help: "Take a new phrase that you have, instead of making one: also to go on where this was interrupted.")
    var to = false

    @Flag(help: "With --to: the new phrase has a passphrase beside it; piped, the line after it.")
    var newPassphrase = false

    @Option(
        help: ArgumentHelp("A new device that is yours and comes along; may be given again.", valueName: "name"),
        completion: KnownDevices.completion)
    var with: [String] = []

    @Option(
        help: ArgumentHelp("Let this device follow that wallet, whatever it thinks of it.", valueName: "address"),
        transform: { text in
            guard let address = WalletAddress(text) else { throw ValidationError("that is no wallet's address") }
            return address
        })
    var follow: WalletAddress?

    @Option(
        help: ArgumentHelp("How long to wait for the devices that are online; 60s unless said.", valueName: "time"),
        transform: TimeSpan.parse)
    var wait: TimeSpan?

    private static let patience: Int64 = 60_000

    func validate() throws {
        guard follow == nil || !(to || print || yes) && with.isEmpty else {
            throw ValidationError("--follow decides for a wallet that is known already: it takes no phrase")
        }
        guard to || !newPassphrase else { throw ValidationError("--new-passphrase goes with --to") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        if let follow { return try await decide(for: follow, daemon, output) }
        let home = try daemon.requireWallet()
        if !to { try WalletNewCommand.checkWays(context, output, print: print, yes: yes) }
        let before = try await daemon.call { try await $0.successionProgress() }
        var lines = SecretLines(context)
        let old = try VaultSecret.rotated(from: home, secret, &lines, context)
        let vaults = try daemon.setAsideVaults()
        let rotation = WalletRotation(daemon: daemon, old: old, output: output)
        let plan = try await hand(over: rotation, &lines, context, output)
        let here = try await rotation.wait(
            for: plan, online: before, milliseconds: wait?.milliseconds ?? Self.patience)
        try report(plan, here, sealed: try daemon.setAsideVaults().subtracting(vaults).first, output)
    }

    /// - Returns: what both wallets signed.
    private func hand(
        over rotation: WalletRotation, _ lines: inout SecretLines, _ context: CommandContext, _ output: Output
    ) async throws -> SuccessionPlan {
        if to {
            let wallet = try given(&lines, context)
            let plan = try await plan(rotation, for: wallet, context)
            try await rotation.hand(over: plan, to: wallet)
            return plan
        }
        let phrase = try Phrase.generate()
        let wallet = try VaultWallet(phrase: phrase)
        // Refuses before any words are shown.
        let plan = try await plan(rotation, for: wallet, context)
        do {
            try PhraseDisplay.show(phrase, context, output, beside: ["address": .text(wallet.address)])
        } catch is BrokenPipe {
            throw KinError("output_failed", "nobody read the words, so nothing was changed: run it again")
        }
        if !yes { try PhraseCheck(phrase: phrase, command: "kin wallet rotate").ask(context) }
        try await rotation.hand(over: plan, to: wallet)
        return plan
    }

    /// With those new devices of which the user says that they are his.
    private func plan(
        _ rotation: WalletRotation, for wallet: VaultWallet, _ context: CommandContext
    ) async throws -> SuccessionPlan {
        let plan = try await rotation.plan(for: wallet, with: with)
        guard context.terminal.canAsk, !yes, !plan.left.isEmpty else { return plan }
        let own = try plan.left.filter { try $0.isOwned(context) }
        return own.isEmpty ? plan : try await rotation.plan(for: wallet, with: with + own.map(\.member.description))
    }

    private func given(_ lines: inout SecretLines, _ context: CommandContext) throws -> VaultWallet {
        let phrase = try Phrase(parsing: lines.next("new recovery phrase (not shown): "))
        guard newPassphrase else { return try VaultWallet(phrase: phrase) }
        let passphrase = try lines.next("its passphrase (not shown): ")
        // Every passphrase opens some wallet: a slip would move the family to one that nobody finds again.
        guard try !context.terminal.canAsk || lines.next("its passphrase again: ") == passphrase else {
            throw KinError.passphraseDiffers
        }
        return try VaultWallet(phrase: phrase, passphrase: passphrase)
    }

    private func decide(for successor: WalletAddress, _ daemon: LocalDaemon, _ output: Output) async throws {
        let progress = try await daemon.call { try await $0.follow(successor) }
        let isHeld = progress.candidates.first { $0.successor == successor }?.held == true
        try output.answer(
            .lines([
                isHeld
                    ? "this device follows \(successor) once everything sent to it has arrived"
                    : "this device follows \(successor) as soon as its certificate arrives from the device that speaks for it"
            ]), json: progress.json)
    }

    /// - Parameter here: members that are connected in the new mesh.
    private func report(_ plan: SuccessionPlan, _ here: Set<ULID>, sealed: String?, _ output: Output) throws {
        let successor = plan.succession.successor
        let devices = zip(plan.names, plan.certificates.map(\.member)).dropFirst()
        let away = devices.filter { !here.contains($0.1) }.map(\.0)
        for device in devices where here.contains(device.1) { output.note("\(device.0) followed", .good) }
        if !away.isEmpty {
            output.note(
                "not here yet: \(away.joined(separator: ", ")). They follow when they come online; where  kin status  on one asks for it:  kin wallet rotate --follow \(successor)"
            )
        }
        if let sealed { output.note("the sealed vault of the old phrase was set aside: \(sealed)") }
        // The new words were this command's answer, unless they were given.
        guard to else { return }
        let rows = devices.map { name, member in
            JSON.object([
                "name": .string(name), "member": .text(member), "here": .bool(here.contains(member)),
            ])
        }
        try output.answer(
            .lines([]),
            json: .object([
                "address": .text(successor), "devices": .array(rows),
                "left": .strings(plan.left.map(\.name)),
            ]))
    }
}

extension LocalDaemon {
    /// Sealed vaults of wallets before.
    fileprivate func setAsideVaults() throws -> Set<String> {
        let names = try FileManager.default.contentsOfDirectory(atPath: state.root)
        return Set(names.filter { $0.hasPrefix("vault.sealed.old-") }.map { state.path($0) })
    }
}

extension SuccessionPlan.Left {
    fileprivate func isOwned(_ context: CommandContext) throws -> Bool {
        let seen = firstSeen.map { "first seen here \(Moments.span(context.now() - $0)) ago" } ?? "never seen here"
        let answer = try context.terminal.ask("\(name) is new (\(seen)). Is it yours, and does it come along? [y/N] ")
        return answer.lowercased().hasPrefix("y")
    }
}
