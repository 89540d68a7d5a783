import ArgumentParser
import KinDaemon
import KinEncoding
import KinIdentity

struct DaemonAcceptHostCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept-host",
        abstract: "Say that this home moved here: this is the same device on another machine.",
        discussion: """
            A home is bound to the machine it was first started on, by the machine's id and the address of its network card, \
            so that an accidental copy does not take the original's messages. After a move, a restored backup or a new network \
            card run this once. If the original is still in use, run  kin daemon remint  instead. The binding does not stop \
            anybody who copies the machine's id and address too. The daemon must be down.

            EXAMPLES
              kin daemon accept-host
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try StateFolder(environment: context.environment)
        let isChanged = try StoppedDaemon(state, reader: context.host).acceptHost()
        try output.answer(
            .lines([
                isChanged
                    ? "this machine is the home's own now; next:  kin up"
                    : "this machine was the home's own already; nothing was changed"
            ]), json: .object(["outcome": .string(isChanged ? "accepted" : "unchanged")]))
    }
}
