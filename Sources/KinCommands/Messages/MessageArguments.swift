import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

/// What commands that send are told.
enum MessageArguments {
    static func priority(_ text: String) throws -> Priority {
        guard let priority = Priority(rawValue: text) else { throw ValidationError("it is now, next or low") }
        return priority
    }

    static func identifier(_ text: String) throws -> ClientMessageID {
        guard let id = ClientMessageID(text) else {
            throw ValidationError("an id is 1 to 64 of A-Z a-z 0-9 . _ : -")
        }
        return id
    }

    static func object(_ text: String) throws -> JSON {
        guard case .object(let members)? = try? JSON.parse(Array(text.utf8)) else {
            throw ValidationError("it is a JSON object, as in '{\"build\":7}'")
        }
        return .object(members)
    }

    /// With or without the # before it.
    static func topic(_ text: String) throws -> TopicName {
        guard let topic = TopicName(text.hasPrefix("#") ? String(text.dropFirst()) : text) else {
            throw ValidationError("a topic's name is 1 to 64 of a-z 0-9 . _ -")
        }
        return topic
    }

    static func device(_ text: String) throws -> DeviceName {
        guard let name = DeviceName(text) else {
            throw ValidationError("a device's name is a-z 0-9 and -, at most 63, and begins with none")
        }
        return name
    }
}

/// What goes with a message, whoever it is for.
struct MessageOptions: ParsableArguments {
    @Option(
        help: "How urgent: now, next or low.", completion: .list(Priority.allCases.map(\.rawValue)),
        transform: MessageArguments.priority)
    var priority = Priority.next

    @Option(
        help: ArgumentHelp("Worthless after this time, as in 90s, 10m or 2d.", valueName: "time"),
        transform: TimeSpan.parse)
    var expiresIn: TimeSpan?

    @Option(
        help: "An id of your own: repeating it with the same message changes nothing.",
        transform: MessageArguments.identifier)
    var id: ClientMessageID?

    @Option(
        help: ArgumentHelp("The id of the message this answers.", valueName: "id"),
        transform: MessageArguments.identifier)
    var replyTo: ClientMessageID?

    @Option(
        help: ArgumentHelp("A JSON object for the program that reads it.", valueName: "json"),
        transform: MessageArguments.object)
    var meta: JSON?
}

/// The text to send: an argument, or standard input.
struct MessageText {
    private let argument: String?
    private let example: String

    /// - Parameters:
    ///   - argument: - and nil stand for standard input.
    ///   - example: how the command is written with a text.
    init(_ argument: String?, example: String) {
        self.argument = argument
        self.example = example
    }

    /// - Throws: `message_missing`, `message_empty`, `message_not_text`.
    func read(_ context: CommandContext, mayBeEmpty: Bool = false) throws -> String {
        let text = try anyText(context)
        // Far more often a mistake in a script than meant.
        guard !text.isEmpty || mayBeEmpty else {
            throw KinError("message_empty", "the message is empty: say what to send", category: .usage)
        }
        return text
    }

    private func anyText(_ context: CommandContext) throws -> String {
        if let argument, argument != "-" { return argument }
        guard argument == "-" || !context.terminal.canAsk else {
            throw KinError("message_missing", "say what to send:  \(example), or pipe it in", category: .usage)
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
}
