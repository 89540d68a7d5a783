import ArgumentParser
import KinDaemon
import KinEncoding
import KinIdentity
import KinWire

struct WalletForgetCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Take this machine out of the wallet: its keys and certificate are erased here.",
        discussion: """
            Messages stay, in files set aside. The others still list the machine until it is revoked:  kin device revoke  on one \
            of them. Without the phrase, or another device that approves it, there is no way back.

            EXAMPLES
              kin wallet forget
              kin wallet forget --yes
            """)

    @OptionGroup var options: OutputOptions

    @Flag(help: "Do not ask.")
    var yes = false

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let address = try daemon.requireWallet().address
        let stopped = try StoppedDaemon(daemon.state)
        try confirm(address, context)
        let kept = try Forgetting(state: daemon.state, now: context.now()).forget()
        withExtendedLifetime(stopped) {}
        for path in kept { output.note("kept \(path)") }
        try output.answer(
            .lines(["wallet \(address) is forgotten on this machine"]),
            json: .object(["address": .text(address), "kept": .array(kept.map { .string($0) })]))
    }

    private func confirm(_ address: WalletAddress, _ context: CommandContext) throws {
        guard !yes else { return }
        guard context.terminal.canAsk else {
            throw KinError(
                "not_confirmed", "nobody can be asked here: add --yes to forget the wallet", category: .usage)
        }
        let answer = try context.terminal.ask("forget wallet \(address) on this machine? Type its first 4 letters: ")
        guard answer.trimmingSpaces == address.description.prefix(4) else {
            throw KinError("not_confirmed", "nothing was changed", category: .usage)
        }
    }
}

extension String {
    fileprivate var trimmingSpaces: Substring {
        var text = self[...]
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return text.drop { $0.isWhitespace }
    }
}
