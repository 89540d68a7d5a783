import ArgumentParser
import KinDaemonAPI
import KinWire

struct SendCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Send a message to a device, a topic or everybody.",
        discussion: """
            The answer “queued” means: on this machine's disk, and never lost from here on. With - for the message, or with \
            none and something piped in, standard input is the message (without its last line end). A message has up to 1 MiB, \
            measured as JSON, where a line end counts two; what is larger goes as a file: kin share. With --lines each of its lines is a message of its own, sent in order while more come; empty lines are passed over, and \
            so is the CR of a line that ends with CR LF. The ids are printed in order.

            With --wait it ends when the message is that far; when the time is over before, it says how far it came and why, \
            with exit code 3; when it can come no further (refused, dead, aborted), with exit code 4.

            EXAMPLES
              kin send studio "build is green"
              kin send studio "deploy" --wait delivered --timeout 10s
              make 2>&1 | kin send studio
              git log --oneline | kin send studio - --lines
              kin send '#alerts' "disk 91%"
              kin send all "back at nine"
              kin send studio --priority now --expires-in 10m "fire drill"
              kin send studio --id nightly-2026-11-21 "done"     once, however often
            """)

    @OptionGroup var options: OutputOptions

    @Argument(
        help: "A device's name or member id, # and a topic's name, or all.", completion: KnownRecipients.completion)
    var to: String

    @Argument(help: "The text, or - for standard input.")
    var message: String?

    @OptionGroup var with: MessageOptions

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
        if lines && with.id != nil { throw ValidationError("--id names one message: it cannot go with --lines") }
        if to.isEmpty || to == "#" {
            throw ValidationError("say to whom: a device's name or member id, # and a topic's name, or all")
        }
        if lines, let message, message != "-" { throw ValidationError("--lines reads standard input: write -") }
        if let wait, wait != .relayed, to == "all" || to.hasPrefix("#") {
            throw ValidationError("of a post nobody says that it came: --wait relayed is as far as it goes")
        }
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
            to: to, message: text, priority: with.priority, meta: with.meta, replyTo: with.replyTo,
            clientMessageID: with.id, expiresIn: with.expiresIn?.milliseconds)
    }

    private func text(_ context: CommandContext) throws -> String {
        try MessageText(message, example: "kin send \(to) \"text\"").read(context, mayBeEmpty: with.meta != nil)
    }

    private static func goal(_ text: String) throws -> MessageState {
        guard let goal = MessageState(rawValue: text), MessageWait.goals.contains(goal) else {
            throw ValidationError("it is relayed, delivered or read")
        }
        return goal
    }
}
