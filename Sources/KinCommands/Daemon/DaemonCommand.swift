import ArgumentParser

struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon",
        abstract: "What a daemon is told seldom: its token, its machine, its queues.",
        discussion: """
            EXAMPLES
              kin daemon accept-host
              kin daemon remint
              kin daemon recover
              kin daemon rotate-token
            """,
        subcommands: [
            DaemonAcceptHostCommand.self, DaemonRemintCommand.self, DaemonRecoverCommand.self,
            DaemonRotateTokenCommand.self,
        ])
}
