import ArgumentParser
import KinCalls
import KinDaemonAPI
import KinEncoding
import KinTerminal
import KinWire

struct AttachCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Open a terminal on another device, or come back to one.",
        discussion: """
            Without more it goes on where nobody is attached, as you left it, or starts your shell there. What runs on a terminal \
            runs on when you detach, and when the device cannot be reached: then it is looked for, for an hour, and its screen \
            comes back with it. Only its end, or that of that device's daemon, ends it.

            Keys: Control-] then d detaches, n and p show the next and the former of several devices, 1 to 9 one of them, \
            x ends what runs, ? shows these, ] is the key itself.

            Where it is piped, lines go in and plain text comes out; what was started for it ends once nobody reads that. Ends with \
            the exit code of what ran there; 0 once detached; 3 where the device cannot be reached.

            EXAMPLES
              kin attach kiosk
              kin attach kiosk studio
              kin attach kiosk --run htop -d 5
              echo "df -h" | kin attach kiosk --run sh
              kin attach kiosk --list
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: ArgumentHelp("Devices, by name or member id.", valueName: "device"))
    var devices: [String]

    @Option(
        parsing: .remaining,
        help: ArgumentHelp("What to run there instead of your shell: all that follows.", valueName: "command"))
    var run: [String] = []

    @Flag(help: "Start anew, though one waits there.")
    var new = false

    @Flag(help: "Show the terminals there instead.")
    var list = false

    @Option(help: ArgumentHelp("Come back to this one: its id, as --list has it.", valueName: "id"))
    var terminal: String?

    @Option(help: ArgumentHelp("Control-… in place of Control-]: ctrl-a, or none.", valueName: "key"))
    var escape = "ctrl-]"

    func validate() throws {
        guard devices.count == 1 || (terminal == nil && !list) else {
            throw ValidationError("--terminal and --list are for one device")
        }
        if let terminal, ULID(terminal.uppercased()) == nil {
            throw ValidationError(
                "a terminal's id is 26 letters and digits, as  kin attach \(devices[0]) --list  shows it")
        }
        guard devices.count <= 9 else { throw ValidationError("at most 9 devices are attached at once") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let escape = try EscapeKey.parse(escape)
        let daemon = try LocalDaemon.of(context)
        let calls = try await AttachCalls { try await daemon.call { try await $0.calls(now: context.now) } }
        defer { calls.close() }
        if list { return try await show(calls.stream(), context, output) }
        let near = NearTerminal.standard
        guard near.isTerminal || devices.count == 1 else {
            throw KinError(
                "terminal_needed", "several devices are attached at once only where you are at a terminal",
                category: .usage)
        }
        var attached: [RemoteTerminal] = []
        for device in devices { attached.append(try await terminal(on: device, calls, near, context)) }
        let end = try await run(attached, near, escape, output)
        // Who ended is not come back to.
        let running = await stillRunning(attached, end, calls.latest)
        if let words = end.words(for: running) { output.note(words.printable(keepingLines: true)) }
        throw CommandEnd(status: CommandStatus(rawValue: end.status))
    }

    private func run(
        _ attached: [RemoteTerminal], _ near: NearTerminal, _ escape: EscapeKey?, _ output: Output
    ) async throws -> AttachEnd {
        guard near.isTerminal else {
            return try await AttachPiped(attached[0], near: near, isOwn: terminal == nil) { output.note($0) }.run()
        }
        let run = AttachRun(attached, near: near, escape: escape)
        let end = try await run.run()
        for note in await run.unshownNotes { output.note(note) }
        return end
    }

    /// The terminal to go on with, or a new one.
    private func terminal(
        on device: String, _ calls: AttachCalls, _ near: NearTerminal, _ context: CommandContext
    ) async throws -> RemoteTerminal {
        let stream = try await calls.stream()
        let id: ULID
        if let waiting = try await waiting(on: device, stream, near) {
            id = waiting
        } else {
            id = try await opened(on: device, stream, near, context)
        }
        return RemoteTerminal(
            node: device, id: id, comeBack: "kin attach \(ShellWord(device)) --terminal \(id)",
            by: { try await calls.stream() })
    }

    private func waiting(on device: String, _ stream: CallStream, _ near: NearTerminal) async throws -> ULID? {
        if let terminal { return ULID(terminal.uppercased()) }
        guard !new, run.isEmpty, near.isTerminal else { return nil }
        let terminals = try await RemoteTerminal.list(on: stream, node: device)
        return terminals.filter { $0.exit == nil && $0.attached == 0 && $0.lastAttached != nil }
            .max { ($0.lastAttached ?? 0) < ($1.lastAttached ?? 0) }?.id
    }

    private func opened(
        on device: String, _ stream: CallStream, _ near: NearTerminal, _ context: CommandContext
    ) async throws -> ULID {
        let request = TerminalRequest(
            command: run.isEmpty ? nil : run,
            kind: context.environment["TERM"] ?? TerminalRequest.usualKind, size: near.size ?? .usual,
            isPlain: !near.isTerminal)
        return try await RemoteTerminal.open(request, on: stream, node: device).id
    }

    /// How long a device may take to say so, for a person who has detached and waits.
    private static let lastLook = Duration.seconds(2)

    private func stillRunning(
        _ attached: [RemoteTerminal], _ end: AttachEnd, _ stream: CallStream
    ) async -> [RemoteTerminal] {
        if case .exited = end { return [] }
        var running: [RemoteTerminal] = []
        for terminal in attached {
            // On a device that cannot be asked any more it may well run on.
            let known = try? await RemoteTerminal.list(on: stream, node: terminal.name, within: Self.lastLook)
            let isThere = known?.contains { $0.id == terminal.id && $0.exit == nil }
            if isThere ?? true { running.append(terminal) }
        }
        return running
    }

    private func show(_ stream: CallStream, _ context: CommandContext, _ output: Output) async throws {
        let terminals = try await RemoteTerminal.list(on: stream, node: devices[0])
        let moments = Moments(context)
        guard options.json || !terminals.isEmpty else {
            return output.note("no terminal is open on \(devices[0]):  kin attach \(devices[0])  opens one")
        }
        let table = Table(
            headings: ["TERMINAL", "STATE", "OPENED", "COMMAND"],
            rows: terminals.map { terminal in
                let state =
                    terminal.exit.map { "ended (\($0.status))" } ?? (terminal.attached > 0 ? "attached" : "runs")
                return [
                    .init(terminal.id.description, .strong), .init(state), .init(moments.relative(terminal.opened)),
                    .init(terminal.command.joined(separator: " ")),
                ]
            })
        try output.answer(.table(table), json: TerminalInfo.json(terminals))
    }
}
