import ArgumentParser
import KinDaemonAPI
import KinWire

struct MeshSetCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Show what holds for the whole mesh, or change it.",
        discussion: """
            concurrent-policy is for a device that connects while it is connected, as a copy of its folder does:
              prefer_newest     the older connection and its daemon end (default)
              prefer_oldest     the newer one ends, while the older one answers
              allow_concurrent  both stay, and each gets everything, though it be away up to an hour

            An owner device signs it, so no server can make it up. It needs no recovery phrase.

            EXAMPLES
              kin mesh set
              kin mesh set concurrent-policy prefer_oldest
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "What to change: concurrent-policy.", completion: .list([Self.concurrentPolicy]))
    var setting: String?

    @Argument(help: "To what.", completion: .list(ConcurrentPolicy.allCases.map(\.rawValue)))
    var value: String?

    static let concurrentPolicy = "concurrent-policy"

    func validate() throws { _ = try policy() }

    /// nil: nothing is to be changed.
    private func policy() throws -> ConcurrentPolicy? {
        guard let setting else { return nil }
        guard setting == Self.concurrentPolicy else {
            throw ValidationError(
                "there is no setting \(setting.printable(keepingLines: false)): it is \(Self.concurrentPolicy)")
        }
        let known = ConcurrentPolicy.allCases.map(\.rawValue).joined(separator: ", ")
        guard let value else { throw ValidationError("\(setting) takes a value: \(known)") }
        guard let policy = ConcurrentPolicy(rawValue: value) else {
            throw ValidationError(
                "\(setting) has no value \(value.printable(keepingLines: false)): it is one of \(known)")
        }
        return policy
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let wanted = try policy()
        let settings = try await LocalDaemon.of(context).call { client in
            if let wanted { try await client.set(wanted) } else { try await client.meshSettings() }
        }
        try output.answer(
            .table(MeshSettingsTable(settings: settings, moments: Moments(context)).table), json: settings.json)
    }
}

/// The settings of the mesh as a table.
struct MeshSettingsTable {
    let settings: MeshSettingsInfo
    let moments: Moments

    var table: Table {
        Table(
            headings: ["SETTING", "VALUE", "SET BY", "AT", "SERVER"],
            rows: [
                [
                    .init(MeshSetCommand.concurrentPolicy), .init(settings.concurrentPolicy.rawValue, .strong),
                    .init(settings.set?.name ?? "default"), .init(settings.set.map { moments.clock($0.at) } ?? "-"),
                    server,
                ]
            ])
    }

    private var server: Table.Cell {
        switch settings.server {
        case .agrees: .init("agrees", .good)
        case .differs: .init("differs", .bad)
        case .notConnected: .init("not connected", .bad)
        }
    }
}
