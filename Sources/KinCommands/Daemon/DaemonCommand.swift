import ArgumentParser

struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon",
        abstract: "This machine's identity and queues while its daemon is down.",
        discussion: """
            EXAMPLES
              kin daemon accept-host
              kin daemon remint
              kin daemon recover
            """,
        subcommands: [DaemonAcceptHostCommand.self, DaemonRemintCommand.self, DaemonRecoverCommand.self])
}
