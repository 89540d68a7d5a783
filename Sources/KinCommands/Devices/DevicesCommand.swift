import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct DevicesCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "List the devices of your family: who is there, where, and who was last seen when.",
        discussion: """
            Asks the daemon; where none runs, the servers themselves. A device never seen before is announced once, when the broker \
            has let it in. STATE is the broker's word: unknown while it is away; “no member” is registered at a server, but not let \
            in by the broker, and nothing reaches it.

            EXAMPLES
              kin devices
              kin devices --watch
              kin devices --json
            """)

    @OptionGroup var options: OutputOptions

    @Flag(help: "Keep showing the list as it changes, until Control-C.")
    var watch = false

    func run(in context: CommandContext, _ output: Output) async throws {
        let family = try FamilyReading(context)
        guard watch else { return try await show(family.read(output), context, output) }
        try await Interruptible.run {
            var watching = DeviceWatch(title: "devices", table: DeviceTable.devices)
            while true {
                let list = try await family.read(output, isRepeated: watching.hasShown)
                try watching.show(list, context, output)
                try await Task.sleep(for: DeviceWatch.interval)
            }
        }
    }

    private func show(_ list: DeviceList, _ context: CommandContext, _ output: Output) throws {
        Self.noteNews(list, output)
        let moments = Moments(context)
        try output.answer(.table(DeviceTable.devices(list.devices, moments)), json: list.json)
    }

    static func noteNews(_ list: DeviceList, _ output: Output) {
        for name in list.newNames {
            output.note("new device \"\(name.printable(keepingLines: false))\" joined your family", .strong)
        }
        for reason in list.unreachable { output.note(reason.printable(keepingLines: false)) }
    }
}

/// The list as it is drawn again and again: over itself on a terminal, elsewhere only when it changed.
struct DeviceWatch {
    static let interval = Duration.seconds(2)
    private static let clearScreen = "\u{1b}[H\u{1b}[2J"

    let title: String
    let table: @Sendable ([DeviceInfo], Moments) -> Table
    private var last: DeviceList?

    init(title: String, table: @escaping @Sendable ([DeviceInfo], Moments) -> Table) {
        self.title = title
        self.table = table
    }

    var hasShown: Bool { last != nil }

    mutating func show(_ list: DeviceList, _ context: CommandContext, _ output: Output) throws {
        defer { last = list }
        let table = table(list.devices, Moments(context))
        guard output.form == .text && context.output.isTerminal else {
            guard hasChanged(list, output.form, context) || !list.newNames.isEmpty else { return }
            DevicesCommand.noteNews(list, output)
            // Lists that follow each other in a file are told apart by their times.
            if output.form == .text {
                try output.raw((hasShown ? "\n" : "") + Moments(context).clock(context.now()))
            }
            return try output.answer(.table(table), json: list.json)
        }
        try output.raw(Self.clearScreen + "\(title), until Control-C\n")
        try output.answer(.table(table), json: list.json)
        DevicesCommand.noteNews(list, output)
    }

    /// Whether it would be shown otherwise than before, but for the times.
    private func hasChanged(_ list: DeviceList, _ form: Output.Form, _ context: CommandContext) -> Bool {
        guard let last else { return true }
        guard form == .text else { return Self.facts(last) != Self.facts(list) }
        let moments = Moments(context)
        return table(Self.facts(last).devices, moments) != table(Self.facts(list).devices, moments)
    }

    /// Without the times, which change with every look.
    private static func facts(_ list: DeviceList) -> DeviceList {
        var list = list
        for index in list.devices.indices { list.devices[index].lastSeen = nil }
        return list
    }
}
