import ArgumentParser

struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon",
        abstract: "This machine's identity while its daemon is down.",
        discussion: """
            EXAMPLES
              kin daemon accept-host
              kin daemon remint
            """,
        subcommands: [DaemonAcceptHostCommand.self, DaemonRemintCommand.self])
}
