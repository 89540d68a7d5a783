import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct InboxCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox",
        abstract: "Show the messages this device received, oldest first.",
        discussion: """
            With --follow it goes on with what arrives, each message once, across restarts of the daemon, until Control-C. With \
            --json it prints one object; with --follow too, one object a line.

            EXAMPLES
              kin inbox --since 1h
              kin inbox --from laptop --limit 10
              kin inbox --follow --json | while read -r message; do …; done
            """)

    @OptionGroup var options: OutputOptions

    @Flag(name: .shortAndLong, help: "Go on with what arrives.")
    var follow = false

    @Option(help: ArgumentHelp("Only from this device.", valueName: "name"), completion: KnownDevices.completion)
    var from: String?

    @Option(
        help: ArgumentHelp("Only what was received in this time, as in 90s, 1h or 2d.", valueName: "time"),
        transform: TimeSpan.parse)
    var since: TimeSpan?

    @Option(help: ArgumentHelp("Only the newest so many.", valueName: "number"))
    var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let start = since.map { max(context.now() - $0.milliseconds, 0) }
        let reading = InboxReading(source: daemon.client, since: start, from: from, limit: limit)
        let drawing = MessageDrawing(moments: Moments(context), isTerminal: context.output.isTerminal)
        if follow {
            try await Interruptible.run {
                try await daemon.call { _ in
                    try await reading.follow(output) { try output.answer(drawing.draw($0), json: $0.json) }
                }
            }
        } else if output.form == .json {
            let messages = try await daemon.call { _ in try await reading.all() }
            try output.answer(.lines([]), json: InboxPage(messages: messages, cursor: nil).json)
        } else {
            try await daemon.call { _ in try await reading.each { try output.answer(drawing.draw($0), json: .null) } }
        }
    }
}

/// A received message on the screen: when, from whom, what.
struct MessageDrawing: Sendable {
    let moments: Moments
    /// Others wrote the text: a terminal gets it without anything it would obey, a file gets it as it is.
    let isTerminal: Bool

    func draw(_ message: InboxMessage) -> Drawing {
        let head = "\(moments.clock(message.receivedAt))  \(message.from.printable(keepingLines: false))  "
        let body = isTerminal ? message.body.printable(keepingLines: true) : message.body
        // Further lines stand under the first, so that no text can pass for another message.
        let indent = String(repeating: " ", count: head.count)
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
        return .lines(lines.enumerated().map { ($0 == 0 ? head : indent) + $1 })
    }
}
