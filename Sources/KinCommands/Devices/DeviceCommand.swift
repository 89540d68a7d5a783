import ArgumentParser

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Bring a device into the family, or put it out.",
        discussion: """
            EXAMPLES
              kin device request --name kiosk       on the new machine
              kin device approve                    on an owner's device
              kin device revoke kiosk --reason "lost on a train"
            """,
        subcommands: [
            DeviceRequestCommand.self, DeviceApproveCommand.self, DeviceRevokeCommand.self, DeviceReplaceCommand.self,
        ])
}
