import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct SendCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Send a message to a device.",
        discussion: """
            The answer “queued” means: on this machine's disk, and never lost from here on. With - for the message, or with \
            none and something piped in, standard input is the message (without its last line end). It must fit the broker's limit when \
            sealed, 64 KiB unless its keeper said otherwise. With --lines each of its lines is a message of its own, sent in order while more come; empty lines are passed over, and \
            so is the CR of a line that ends with CR LF. The ids are printed in order.

            With --wait it ends when the message is that far; when the time is over before, it says how far it came and why, \
            with exit code 3; when it can come no further (refused, dead, aborted), with exit code 4.

            EXAMPLES
              kin send studio "build is green"
              kin send studio "deploy" --wait delivered --timeout 10s
              make 2>&1 | kin send studio
              git log --oneline | kin send studio - --lines
              kin send studio --priority now --expires-in 10m "fire drill"
              kin send studio --id nightly-2026-11-21 "done"     once, however often
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "A device's name or member id.", completion: KnownDevices.completion)
    var to: String

    @Argument(help: "The text, or - for standard input.")
    var message: String?

    @Option(
        help: "How urgent: now, next or low.", completion: .list(Priority.allCases.map(\.rawValue)),
        transform: Self.priority)
    var priority = Priority.next

    @Option(
        help: ArgumentHelp("Worthless after this time, as in 90s, 10m or 2d.", valueName: "time"),
        transform: TimeSpan.parse)
    var expiresIn: TimeSpan?

    @Option(help: "An id of your own: repeating a send with it changes nothing.", transform: Self.identifier)
    var id: ClientMessageID?

    @Option(help: ArgumentHelp("The id of the message this answers.", valueName: "id"), transform: Self.identifier)
    var replyTo: ClientMessageID?

    @Option(
        help: ArgumentHelp("A JSON object for the program that reads it.", valueName: "json"), transform: Self.object)
    var meta: JSON?

    @Flag(help: "Send each line of standard input by itself.")
    var lines = false

    @Option(
        help: "Until when to wait: relayed, delivered or read.",
        completion: .list(MessageWait.goals.map(\.rawValue)), transform: Self.goal)
    var wait: MessageState?

    @Option(
        help: ArgumentHelp("How long to wait, 30s unless said.", valueName: "time"), transform: TimeSpan.parse)
    var timeout: TimeSpan?

    func validate() throws {
        if lines && id != nil { throw ValidationError("--id names one message: it cannot go with --lines") }
        if lines, let message, message != "-" { throw ValidationError("--lines reads standard input: write -") }
        if timeout != nil && wait == nil { throw ValidationError("--timeout says how long --wait waits") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        if lines { return try await SendLines(request(""), daemon: daemon, waiting: waiting).run(context, output) }
        let request = request(try text(context))
        let answer = try await daemon.call { try await $0.send(request) }
        guard let waiting else {
            let note = answer.duplicate ? " (sent before)" : ""
            return try output.answer(
                .lines(["\(answer.status.rawValue) \(answer.clientMessageID)\(note)"]), json: answer.json)
        }
        output.note("\(answer.clientMessageID) is \(answer.status.rawValue)", .plain)
        let end = try await MessageWait(source: daemon.client, waiting).wait(for: answer.clientMessageID)
        let report = MessageReport(status: end.status, moments: Moments(context))
        try output.answer(.facts(report.facts), json: end.status.json)
        if let failure = end.failure { throw failure }
    }

    private var waiting: MessageWait.Terms? {
        wait.map { MessageWait.Terms(goal: $0, milliseconds: timeout?.milliseconds ?? 30_000) }
    }

    private func request(_ text: String) -> SendRequest {
        SendRequest(
            to: to, message: text, priority: priority, meta: meta, replyTo: replyTo, clientMessageID: id,
            expiresIn: expiresIn?.milliseconds)
    }

    private func text(_ context: CommandContext) throws -> String {
        let text = try anyText(context)
        // Far more often a mistake in a script than meant; with --meta there is something to send.
        guard !text.isEmpty || meta != nil else {
            throw KinError("message_empty", "the message is empty: say what to send", category: .usage)
        }
        return text
    }

    private func anyText(_ context: CommandContext) throws -> String {
        if let message, message != "-" { return message }
        guard message == "-" || !context.terminal.canAsk else {
            throw KinError(
                "message_missing", "say what to send:  kin send \(to) \"text\", or pipe it in", category: .usage)
        }
        return try context.terminal.readAll(limit: SendRequest.maxBytes).withBytes { bytes in
            let end = bytes.last == UInt8(ascii: "\n") ? bytes.count - 1 : bytes.count
            guard let text = String(validating: bytes.prefix(end), as: UTF8.self) else {
                throw KinError(
                    "message_not_text", "the input is not UTF-8 text: encode it first, as with base64", category: .usage
                )
            }
            return text
        }
    }

    private static func goal(_ text: String) throws -> MessageState {
        guard let goal = MessageState(rawValue: text), MessageWait.goals.contains(goal) else {
            throw ValidationError("it is relayed, delivered or read")
        }
        return goal
    }

    private static func priority(_ text: String) throws -> Priority {
        guard let priority = Priority(rawValue: text) else { throw ValidationError("it is now, next or low") }
        return priority
    }

    private static func identifier(_ text: String) throws -> ClientMessageID {
        guard let id = ClientMessageID(text) else {
            throw ValidationError("an id is 1 to 64 of A-Z a-z 0-9 . _ : -")
        }
        return id
    }

    private static func object(_ text: String) throws -> JSON {
        guard case .object(let members)? = try? JSON.parse(Array(text.utf8)) else {
            throw ValidationError("it is a JSON object, as in '{\"build\":7}'")
        }
        return .object(members)
    }
}
