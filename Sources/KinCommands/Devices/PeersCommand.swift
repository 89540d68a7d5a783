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
        let daemon = try LocalDaemon.of(context)
        let peers = try await daemon.call { try await $0.peers() }
        let broker = try await daemon.call { try await $0.health() }.broker
        if !broker.connected {
            let reason = broker.lastError.map { " (\($0))" } ?? ""
            output.note(
                "\(broker.address) is not connected\(reason), so who else is a member is not known".printable(
                    keepingLines: false))
        }
        let moments = Moments(context)
        try output.answer(.table(DeviceTable.peers(peers.devices, moments)), json: peers.json)
    }
}
