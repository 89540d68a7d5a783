import ArgumentParser
import KinDaemonAPI
import KinWire

struct PeersCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "List the members of the mesh as the broker knows them, and who is connected.",
        discussion: """
            EXAMPLES
              kin peers
              kin peers --watch
              kin peers --json
            """)

    @OptionGroup var options: OutputOptions

    @Flag(help: "Keep showing the list as it changes, until Control-C.")
    var watch = false

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        guard watch else {
            let peers = try await read(daemon, output, isFirst: true)
            return try output.answer(.table(DeviceTable.peers(peers.devices, Moments(context))), json: peers.json)
        }
        try await Interruptible.run {
            var watching = DeviceWatch(title: "peers", table: DeviceTable.peers)
            while true {
                do {
                    let peers = try await read(daemon, output, isFirst: !watching.hasShown)
                    try watching.show(peers, context, output)
                } catch let error as KinError where error.category == .unreachable && watching.hasShown {
                    // The daemon is away: what was shown stands until it is back.
                }
                try await Task.sleep(for: DeviceWatch.interval)
            }
        }
    }

    /// - Parameter isFirst: whether a broker that is away is worth a word.
    private func read(_ daemon: LocalDaemon, _ output: Output, isFirst: Bool) async throws -> DeviceList {
        let peers = try await daemon.call { try await $0.peers() }
        let broker = try await daemon.call { try await $0.health() }.broker
        if !broker.connected && isFirst {
            let reason = broker.lastError.map { " (\($0))" } ?? ""
            output.note(
                "\(broker.address) is not connected\(reason), so who else is a member is not known".printable(
                    keepingLines: false))
        }
        return peers
    }
}
