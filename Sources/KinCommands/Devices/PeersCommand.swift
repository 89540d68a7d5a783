import ArgumentParser
import KinDaemonAPI
import KinWire

struct PeersCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "List the members of the mesh as the broker knows them, and who is connected.",
        discussion: """
            While the broker is away nobody knows who is there: STATE is “unknown”, and the command ends with exit code 3. Who goes \
            without a word is shown for up to a minute. Not on a terminal --watch prints the list with its time whenever it \
            changes.

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
            try output.answer(.table(DeviceTable.peers(peers.list.devices, Moments(context))), json: peers.list.json)
            if !peers.isKnown { throw CommandEnd(status: .unreachable) }
            return
        }
        try await Interruptible.run {
            var watching = DeviceWatch(title: "peers", table: DeviceTable.peers)
            while true {
                do {
                    let peers = try await read(daemon, output, isFirst: !watching.hasShown)
                    try watching.show(peers.list, context, output)
                } catch let error as KinError where error.category == .unreachable && watching.hasShown {
                    // The daemon is away: what was shown stands until it is back.
                }
                try await Task.sleep(for: DeviceWatch.interval)
            }
        }
    }

    /// - Parameter isFirst: whether a broker that is away is worth a word.
    /// - Returns: whether the broker says who is there, too.
    private func read(
        _ daemon: LocalDaemon, _ output: Output, isFirst: Bool
    ) async throws -> (list: DeviceList, isKnown: Bool) {
        let peers = try await daemon.call { try await $0.peers() }
        let broker = try await daemon.call { try await $0.health() }.broker
        if !broker.connected && isFirst {
            let reason = broker.lastError.map { " (\($0))" } ?? ""
            output.note(
                "\(broker.address) is not connected\(reason), so who is there is not known".printable(
                    keepingLines: false))
        }
        return (peers, broker.connected)
    }
}
