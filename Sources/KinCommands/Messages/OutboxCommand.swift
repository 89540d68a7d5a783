import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "See what waits or failed, and decide what becomes of it.",
        discussion: """
            kin outbox  alone is  kin outbox list.

            EXAMPLES
              kin outbox --failed
              kin outbox inspect nightly-2026-11-21
            """,
        subcommands: [
            OutboxListCommand.self, OutboxInspectCommand.self, OutboxRequeueCommand.self, OutboxDropCommand.self,
            OutboxPruneCommand.self,
        ], defaultSubcommand: OutboxListCommand.self)
}

struct OutboxListCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the messages that wait or failed, with reason and next attempt, newest last.",
        discussion: """
            Failed are those that can never be sent (dead) and those that came and were not taken (refused).

            EXAMPLES
              kin outbox
              kin outbox list --failed
              kin outbox --json
            """)

    @OptionGroup var options: OutputOptions

    @Flag(help: "Only those that failed.")
    var failed = false

    @Option(help: ArgumentHelp("Only the newest so many.", valueName: "number"))
    var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let messages = try await LocalDaemon.of(context).call { try await read($0) }
        let page = OutboxPage(messages: messages, cursor: nil)
        let shown = output.form == .text ? try await KeyWait(LocalDaemon.of(context).client).explained(messages) : []
        let table = OutboxTable(moments: Moments(context)).table(shown)
        try output.answer(messages.isEmpty ? .lines(["nothing waits, nothing failed"]) : .table(table), json: page.json)
    }

    private func read(_ client: DaemonClient) async throws -> [MessageStatus] {
        var parameters = OutboxParameters(isFailed: failed, limit: InboxParameters.maxLimit)
        var messages: [MessageStatus] = []
        repeat {
            let page = try await client.outbox(parameters)
            messages += page.messages
            if let limit { messages = Array(messages.suffix(limit)) }
            parameters.cursor = page.cursor
        } while parameters.cursor != nil
        return messages
    }
}

/// Messages of the outbox as a table.
struct OutboxTable {
    let moments: Moments

    func table(_ messages: [MessageStatus]) -> Table {
        Table(
            headings: ["ID", "TO", "STATE", "QUEUED", "ATTEMPTS", "NEXT", "REASON"],
            rows: messages.map { message in
                [
                    .init(message.clientMessageID.description), .init(message.to, .strong),
                    .init(message.status.rawValue, message.status.isFailed ? .bad : .plain),
                    .init(moments.relative(message.queuedAt)), .init(String(message.attempts)),
                    .init(next(message)), .init(message.lastError ?? "-"),
                ]
            })
    }

    private func next(_ message: MessageStatus) -> String {
        guard message.status == .queued else { return "never" }
        // Of a key that is to come nobody can say when.
        guard message.lastError?.contains(KeyWait.code) != true else { return "with the key" }
        guard let time = message.nextAttemptAt, time > moments.now else { return "soon" }
        return "in \(Moments.span(time - moments.now))"
    }
}

struct OutboxInspectCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show a message you sent with all that is known of it, and what it says.",
        discussion: """
            EXAMPLES
              kin outbox inspect 01JD9V7Q0000000000000000ZZ
              kin outbox inspect nightly-2026-11-21 --json
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The id that  kin send  printed.")
    var id: String

    func run(in context: CommandContext, _ output: Output) async throws {
        let id = try MessageReport.id(id)
        let daemon = try LocalDaemon.of(context)
        let message = try await daemon.call { try await $0.outboxMessage(id) }
        var shown = message
        if output.form == .text {
            shown.status = await KeyWait(daemon.client).explained([message.status]).first ?? message.status
        }
        try output.answer(.facts(facts(shown, Moments(context))), json: message.json)
    }

    private func facts(_ message: OutboxMessage, _ moments: Moments) -> [Drawing.Fact] {
        var facts = MessageReport(status: message.status, moments: moments).facts
        facts += [
            .init(name: "attempts", value: String(message.status.attempts)),
            .init(name: "place", value: "\(message.seq) of priority \(message.status.priority.rawValue)"),
            .init(name: "fingerprint", value: message.fingerprint),
        ]
        if let reply = message.replyTo { facts.append(.init(name: "answers", value: reply.description)) }
        if let meta = message.meta {
            facts.append(.init(name: "meta", value: String(decoding: meta.canonicalBytes(), as: UTF8.self)))
        }
        facts.append(.init(name: "text", value: text(message, moments)))
        return facts
    }

    private func text(_ message: OutboxMessage, _ moments: Moments) -> String {
        if let text = message.message { return text }
        return message.prunedAt.map { "erased \(moments.clock($0))" } ?? "the daemon's own: \(message.contentType)"
    }
}

struct OutboxRequeueCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Give a message up and send it again under a new id.",
        discussion: """
            For what waits, failed or was given up; what has left cannot be called back. The old id stays taken and names the \
            new one. A patch is a JSON object with what is to be different: to, message, priority, meta, expires_in \
            (milliseconds); null takes meta or expires_in away.

            EXAMPLES
              kin outbox requeue 01JD9V7Q0000000000000000ZZ
              kin outbox requeue nightly-2026-11-21 --patch changes.json
              echo '{"to":"laptop"}' | kin outbox requeue nightly --patch -
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The id of the message.")
    var id: String

    @Option(
        help: ArgumentHelp("A file with the changes; - is standard input.", valueName: "file"), completion: .file())
    var patch: String?

    /// Of a patch; twice the largest message, for JSON makes it longer.
    private static let limit = 2 * SendRequest.maxBytes

    func run(in context: CommandContext, _ output: Output) async throws {
        let id = try MessageReport.id(id)
        let patch = try self.patch.map {
            try RequeuePatch(json: Array(try CarriedInput.read($0, context, limit: Self.limit).utf8))
        }
        let status = try await LocalDaemon.of(context).call { try await $0.requeue(id, patch ?? RequeuePatch()) }
        try output.answer(
            .lines(["\(status.status.rawValue) \(status.clientMessageID) in place of \(id)"]), json: status.json)
    }
}

struct OutboxDropCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Give a message up.",
        discussion: """
            For what waits or failed; what has left cannot be called back. Its id stays taken for ever.

            EXAMPLES
              kin outbox drop 01JD9V7Q0000000000000000ZZ
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The id of the message.")
    var id: String

    func run(in context: CommandContext, _ output: Output) async throws {
        let id = try MessageReport.id(id)
        let status = try await LocalDaemon.of(context).call { try await $0.drop(id) }
        try output.answer(.lines(["\(status.status.rawValue) \(status.clientMessageID)"]), json: status.json)
    }
}

struct OutboxPruneCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Erase what finished messages said; their ids stay taken.",
        discussion: """
            Finished is what was delivered, refused, given up or can never be sent. The daemon does the same by itself once an \
            hour, after 30 days.

            EXAMPLES
              kin outbox prune
              kin outbox prune --older-than 7d
            """)

    @OptionGroup var options: OutputOptions

    @Option(
        help: ArgumentHelp("Only those accepted longer ago, 30d unless said.", valueName: "time"),
        transform: TimeSpan.parse)
    var olderThan: TimeSpan?

    func run(in context: CommandContext, _ output: Output) async throws {
        let age = olderThan?.milliseconds ?? 30 * 86_400_000
        let answer = try await LocalDaemon.of(context).call { try await $0.prune(olderThan: age) }
        let count = answer.pruned == 1 ? "1 message" : "\(answer.pruned) messages"
        try output.answer(.lines(["erased what \(count) said"]), json: answer.json)
    }
}
