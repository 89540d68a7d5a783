import ArgumentParser

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Bring a device into the family, or put it out.",
        discussion: """
            EXAMPLES
              kin device revoke kiosk --reason "lost on a train"
            """,
        subcommands: [DeviceRevokeCommand.self])
}
