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
            none and something piped in, standard input is the message (without its last line end).

            EXAMPLES
              kin send studio "build is green"
              make 2>&1 | kin send studio
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

    func run(in context: CommandContext, _ output: Output) async throws {
        let request = SendRequest(
            to: to, message: try text(context), priority: priority, meta: meta, replyTo: replyTo, clientMessageID: id,
            expiresIn: expiresIn?.milliseconds)
        let answer = try await LocalDaemon.of(context).call { try await $0.send(request) }
        let note = answer.duplicate ? " (sent before)" : ""
        try output.answer(.lines(["\(answer.status.rawValue) \(answer.clientMessageID)\(note)"]), json: answer.json)
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
