public import ArgumentParser
import KinWire

/// `kin`: the command line, the daemon and the server in one program.
public struct KinCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "kin",
        abstract: "One family of machines: find each other by name, send messages that survive.",
        usage: "kin <command>",
        discussion: """
            Start on your first machine with a recovery phrase, then bring the others in with the same phrase:
              kin wallet new         on the first
              kin wallet import      on every other
              kin up                 on each, then  kin devices  and  kin send NAME "hello"

            Exit codes: 0 ok, 1 failed, 2 usage, 3 cannot reach, 4 refused, 5 not found, 6 conflict, 130 interrupted by Control-C \
            before it was done. What goes on until Control-C (tail, --follow, --watch, up, serve) ends with 0 by it.
            State is kept in ~/.kindred, or in the folder that KINDRED_HOME names.
            """,
        version: "kin \(KinVersion.current)",
        groupedSubcommands: [
            CommandGroup(
                name: "Your family",
                subcommands: [
                    WalletCommand.self, VaultCommand.self, UpCommand.self, DevicesCommand.self, DeviceCommand.self,
                    MeshCommand.self,
                ]),
            CommandGroup(
                name: "Messages",
                subcommands: [
                    SendCommand.self, InboxCommand.self, HistoryCommand.self, OutboxCommand.self, MessageCommand.self,
                    PeersCommand.self,
                ]),
            CommandGroup(name: "Files", subcommands: [ShareCommand.self, FilesCommand.self, GetCommand.self]),
            CommandGroup(name: "Other devices", subcommands: [AttachCommand.self, CopyCommand.self]),
            CommandGroup(
                name: "Groups",
                subcommands: [
                    TopicCommand.self, TopicsCommand.self, PostCommand.self, TailCommand.self, ProfileCommand.self,
                ]),
            CommandGroup(
                name: "This machine",
                subcommands: [
                    StatusCommand.self, DownCommand.self, DaemonCommand.self, ServeCommand.self, APIKeyCommand.self,
                    DemoCommand.self, CompletionsCommand.self,
                ]),
        ])

    public init() {}
}
