import ArgumentParser

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Bring a device into the family, name it, or put it out.",
        discussion: """
            EXAMPLES
              kin device request --name kiosk       on the new machine
              kin device approve                    on an owner's device
              kin device rename workshop            what this machine is called
              kin device alias macbook-pro-2 desk   what another is called here
              kin device revoke kiosk --reason "lost on a train"
            """,
        subcommands: [
            DeviceRequestCommand.self, DeviceApproveCommand.self, DeviceRenameCommand.self, DeviceAliasCommand.self,
            DeviceForgetCommand.self, DeviceRevokeCommand.self, DeviceReplaceCommand.self,
        ])
}
