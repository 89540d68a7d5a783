import ArgumentParser
import KinDaemonAPI

struct PeersCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "List the members of the mesh as the broker knows them, and who is connected.",
        discussion: """
            EXAMPLES
              kin peers
              kin peers --json
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let peers = try await LocalDaemon.of(context).call { try await $0.peers() }
        let moments = Moments(context)
        try output.answer(.table(DeviceTable.peers(peers.devices, moments)), json: peers.json)
    }
}
