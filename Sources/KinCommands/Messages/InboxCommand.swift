import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox", abstract: "Show or search the messages this device received.",
        discussion: """
            kin inbox  alone is  kin inbox list.

            EXAMPLES
              kin inbox --follow
              kin inbox search "disk full"
            """, subcommands: [InboxListCommand.self, InboxSearchCommand.self],
        defaultSubcommand: InboxListCommand.self)
}

struct InboxListCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the messages this device received, oldest first.",
        discussion: """
            With --follow it goes on with what arrives, each message once, across restarts of the daemon, until Control-C. With \
            --json it prints one object; with --follow too, one object a line. With --mark-read the senders learn that what \
            is shown was read. What a terminal would obey in a text is shown as pictures; --json has it as it was sent.

            EXAMPLES
              kin inbox --since 1h
              kin inbox list --from laptop --limit 10
              kin inbox --mark-read
              kin inbox --follow --json | while read -r message; do …; done
            """)

    @OptionGroup var options: OutputOptions

    @Flag(name: .shortAndLong, help: "Go on with what arrives.")
    var follow = false

    @OptionGroup var filter: InboxFilter

    @Flag(help: "Tell the senders that these were read.")
    var markRead = false

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let reading = filter.reading(daemon.client, context)
        let drawing = MessageDrawing(moments: Moments(context))
        if follow {
            try await Interruptible.run {
                try await daemon.call { client in
                    try await reading.follow(output) { message in
                        try output.answer(drawing.draw(message), json: message.json)
                        if markRead { _ = try await client.markRead([message.id]) }
                    }
                }
            }
        } else {
            let messages = try await daemon.call { _ in try await reading.show(drawing, output) }
            if markRead { try await daemon.call { try await Self.mark(messages, $0) } }
        }
    }

    private static func mark(_ messages: [Int64], _ client: DaemonClient) async throws {
        for start in stride(from: 0, to: messages.count, by: ReadRequest.maxIDs) {
            _ = try await client.markRead(
                Array(messages[start..<min(start + ReadRequest.maxIDs, messages.count)]))
        }
    }
}

struct InboxSearchCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Show the received messages that hold all of these words, oldest first.",
        discussion: """
            Quoted words are a phrase, and * behind a word stands for any ending; capitals and accents make no difference. \
            Needs the index: write  inbox_fts = true  below  [capabilities]  in config.toml and start the daemon again.

            EXAMPLES
              kin inbox search disk
              kin inbox search '"disk full" studio*' --since 7d
              kin inbox search disk --from studio --limit 5 --json
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The words.")
    var words: [String]

    @OptionGroup var filter: InboxFilter

    func validate() throws {
        if words.isEmpty { throw ValidationError("say what to look for") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let reading = filter.reading(daemon.client, context, words: words.joined(separator: " "))
        let drawing = MessageDrawing(moments: Moments(context))
        try await daemon.call { _ in try await reading.show(drawing, output) }
    }
}

extension InboxReading {
    /// Answers with what is there now.
    /// - Returns: the ids of what was shown.
    @discardableResult
    func show(_ drawing: MessageDrawing, _ output: Output) async throws -> [Int64] {
        guard output.form == .text else {
            let messages = try await all()
            try output.answer(.lines([]), json: InboxPage(messages: messages, cursor: nil).json)
            return messages.map(\.id)
        }
        var shown: [Int64] = []
        try await each { message in
            try output.answer(drawing.draw(message), json: .null)
            shown.append(message.id)
        }
        return shown
    }
}

/// A received message on the screen: when, from whom, what. Others wrote the text: it is shown without anything a terminal would obey,
/// also where another program passes it on to one; JSON has it as it is.
struct MessageDrawing: Sendable {
    let moments: Moments

    func draw(_ message: InboxMessage) -> Drawing {
        draw(
            Self.text(message.body, as: message.contentType), of: message.from + Self.place(message),
            at: message.receivedAt)
    }

    /// Where it was said, and whom it mentions.
    static func place(_ message: InboxMessage) -> String {
        (message.topic.map { " #\($0)" } ?? "") + message.mentions.map { " @\($0)" }.joined()
    }

    /// A file's message as a line that says what to do with it.
    static func text(_ body: String, as type: String) -> String {
        guard type == SharedFile.contentType, case .object(let file)? = try? JSON.parse(Array(body.utf8)),
            case .string(let id)? = file["file"], case .string(let name)? = file["name"],
            case .integer(let size)? = file["size"]
        else { return body }
        let words = if case .string(let words)? = file["message"] { ": \(words)" } else { "" }
        return "[file] \(name.printable(keepingLines: false)), \(ByteCount.text(size))  kin get \(id)\(words)"
    }

    /// - Parameter party: who said it, or to whom it was said.
    func draw(_ text: String, of party: String, at time: Int64) -> Drawing {
        let head = "\(moments.clock(time))  \(party.printable(keepingLines: false))  "
        let body = text.printable(keepingLines: true)
        // Further lines stand under the first, so that no text can pass for another message.
        let indent = String(repeating: " ", count: head.count)
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
        return .lines(lines.enumerated().map { ($0 == 0 ? head : indent) + $1 })
    }
}
