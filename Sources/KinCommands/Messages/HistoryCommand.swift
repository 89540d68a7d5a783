import ArgumentParser
import KinDaemonAPI
import KinEncoding
import KinWire

struct HistoryCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show what was sent and received together, oldest first.",
        discussion: """
            As this machine's outbox and inbox hold it. With --from only what came from that device, with --to only what was \
            sent to it, with both the conversation. With a topic (# before it), or all, what was said there, by this device too; \
            with --from besides what that device said there.

            EXAMPLES
              kin history --limit 20
              kin history --from studio
              kin history --from studio --to studio --json
              kin history --to '#alerts' --limit 20
            """)

    @OptionGroup var options: OutputOptions

    @Option(
        help: ArgumentHelp("What was received from this device.", valueName: "name"),
        completion: KnownDevices.completion)
    var from: String?

    @Option(
        help: ArgumentHelp(
            "What was sent to this device; # and a topic, or all: what was said there.", valueName: "name"),
        completion: KnownRecipients.completion)
    var to: String?

    @Option(help: ArgumentHelp("Only the newest so many, at most 500.", valueName: "number"))
    var limit: Int?

    func validate() throws {
        if let limit, !(1...InboxParameters.maxLimit).contains(limit) {
            throw ValidationError("--limit is 1 to \(InboxParameters.maxLimit)")
        }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let drawing = MessageDrawing(moments: Moments(context))
        var parameters = HistoryParameters(to: to, from: from, limit: InboxParameters.maxLimit, last: limit)
        if limit != nil { parameters.limit = nil }
        var entries: [HistoryEntry] = []
        repeat {
            let wanted = parameters
            let page = try await daemon.call { try await $0.history(wanted) }
            if output.form == .json {
                entries += page.messages
            } else {
                for entry in page.messages { try output.answer(drawing.draw(entry), json: .null) }
            }
            parameters.cursor = page.cursor
        } while parameters.cursor != nil
        if output.form == .json {
            try output.answer(.lines([]), json: HistoryPage(messages: entries, cursor: nil).json)
        }
    }
}

extension MessageDrawing {
    /// What is not known to have arrived says how far it is.
    func draw(_ entry: HistoryEntry) -> Drawing {
        switch entry {
        case .received(let message):
            return draw(
                Self.text(message.body, as: message.contentType), of: "from \(message.from)\(Self.place(message))",
                at: message.receivedAt)
        case .sent(let message):
            let state = message.status.status
            // Nobody says of a post that it came.
            let isThere = state == .delivered || state == .read || state == .relayed && message.status.isPost
            let note = isThere ? "" : " (\(state.rawValue))"
            return draw(
                message.message.map { Self.text($0, as: message.contentType) } ?? "(erased)",
                of: "to \(message.status.to)\(note)", at: message.status.queuedAt)
        }
    }
}
