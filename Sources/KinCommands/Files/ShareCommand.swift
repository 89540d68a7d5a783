import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct ShareCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "share",
        abstract: "Share a file with a device, a topic or everybody.",
        discussion: """
            The file is sealed, its key goes to its recipients alone, and it is kept at the server, 30 days unless --persistent. The daemon brings it there \
            and goes on by itself after any interruption; Control-C ends only the command (exit code 130). It shows how far it is on a terminal, and \
            ends when the file is there and its message on its way; or at once, with the status “waiting” and why, where the server is away. \
            Do not change the file before. Folders: pack them first.

            EXAMPLES
              kin share ./report.pdf --to studio
              kin share build.tar.gz --to studio --message "as promised"
              kin share minutes.md --to '#plans'
              kin share disk.img --to studio --no-wait
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The file.", completion: .file())
    var file: String

    @Option(
        help: "A device's name or member id, # and a topic's name; everybody unless said.",
        completion: KnownRecipients.completion)
    var to = "all"

    @Option(help: ArgumentHelp("Words beside it.", valueName: "text"))
    var message: String?

    @Flag(help: "Keep it at the server until it is deleted.")
    var persistent = false

    @Flag(name: .customLong("no-wait"), help: "Return once the daemon has taken it.")
    var noWait = false

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let request = FileShareRequest(
            path: context.path(file), to: to, message: message, isPersistent: persistent)
        let taken = try await daemon.call { try await $0.share(request) }
        guard !noWait else { return try Self.answer(taken, output) }
        let line = ProgressLine(output)
        let ended = try await Interruptible.run {
            defer { line.end() }
            let info = try await ShareWatch(client: daemon.client, line: line).follow(taken.id)
            line.end()
            try Self.answer(info, output)
            await Self.noteWaiting(info, daemon.client, output)
            if let error = ShareWatch.failure(info) { throw error }
        }
        guard !ended else { return }
        throw KinError(
            "interrupted", "interrupted; the daemon goes on sharing \(taken.name):  kin files  shows how far it is")
    }

    /// What a share waits for that is not under way.
    private static func noteWaiting(_ info: FileInfo, _ client: DaemonClient, _ output: Output) async {
        guard info.status == .waiting, info.lastError == nil, let broker = try? await client.health().broker,
            !broker.connected
        else { return }
        let reason = broker.lastError.map { " (\($0))" } ?? ""
        output.note(
            "\(broker.address) is not connected\(reason): the daemon brings it there when it is".printable(
                keepingLines: false))
    }

    private static func answer(_ info: FileInfo, _ output: Output) throws {
        let reason = info.lastError.map { " (\($0))" } ?? ""
        try output.answer(
            .lines([
                "\(info.status.rawValue) \(info.id)  \(info.name.description.printable(keepingLines: false))\(reason)"
            ]),
            json: info.json)
    }
}

/// Follows a share until it is at the server, failed, or waits for something that may take long.
struct ShareWatch: Sendable {
    private static let pause = Duration.milliseconds(100)

    let client: DaemonClient
    let line: ProgressLine

    func follow(_ id: ULID) async throws -> FileInfo {
        while true {
            let info = try await client.file(id)
            switch info.status {
            case .uploading: line.show(info.transferred, of: info.size)
            // It was tried and is tried again, or the server is away.
            case .waiting where info.lastError != nil: return info
            case .waiting where try await !client.health().broker.connected: return info
            case .waiting: break
            default: return info
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// What keeps it from ever being shared.
    static func failure(_ info: FileInfo) -> KinError? {
        switch info.status {
        case .dead:
            let code = info.lastError ?? "dead"
            return KinError(code, "\(info.name) can not be shared: \(code)", category: .refused)
        case .deleted: return KinError("deleted", "\(info.name) was deleted", category: .refused)
        default: return nil
        }
    }
}
