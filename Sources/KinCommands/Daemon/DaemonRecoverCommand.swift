import ArgumentParser
import KinDaemon
import KinEncoding
import KinIdentity
import KinMailbox

struct DaemonRecoverCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Save what can be read of a damaged outbox.",
        discussion: """
            Checks the outbox, more closely than  kin up  does. A sound one is left alone. Of a damaged one every message that can \
            still be read goes into a fresh outbox, with its id and its state, and what waited is sent by the next  kin up : those \
            the server has already are recognised. The damaged file is kept beside it (outbox.db.corrupt-TIME); nothing is deleted, \
            and the disk needs room for a second one. Lost messages whose ids are known keep them, and those that waited are in  \
            kin outbox --failed . Where nothing can be read, --start-afresh begins an empty outbox. The daemon must be down.

            EXAMPLES
              kin daemon recover
              kin daemon recover --start-afresh
            """)

    @OptionGroup var options: OutputOptions

    @Flag(help: "Begin an empty outbox where no message can be read.")
    var startAfresh = false

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try StateFolder(environment: context.environment)
        let daemon = try StoppedDaemon(state, reader: context.host)
        let outcome = try daemon.recoverOutbox(startAfresh: startAfresh, now: context.now())
        try output.answer(.lines(outcome.lines), json: outcome.json)
    }
}

extension OutboxRecovery.Outcome {
    fileprivate var lines: [String] {
        switch self {
        case .none: ["there is no outbox yet; nothing was changed"]
        case .sound(let messages): ["the outbox is sound (\(count(messages))); nothing was changed"]
        case .recovered(let report): report.lines
        case .finished(let messages, let file):
            [
                "an earlier recovery was finished (\(count(messages)))", "the damaged file is kept: \(file)",
                "next:  kin up",
            ]
        }
    }

    fileprivate var json: JSON {
        switch self {
        case .none: .object(["outcome": .string("none")])
        case .sound(let messages):
            .object(["outcome": .string("sound"), "messages": .integer(Int64(messages))])
        case .recovered(let report): report.json
        case .finished(let messages, let file):
            .object([
                "outcome": .string("finished"), "messages": .integer(Int64(messages)), "damaged_file": .string(file),
            ])
        }
    }
}

extension OutboxRecovery.Report {
    /// Ids that are listed for people, and for programs.
    private static let (shown, listed) = (20, 1000)

    private static let states: [(status: OutboxRow.Status, name: String)] = [
        (.pending, "to be sent"), (.done, "sent"), (.dead, "failed"), (.aborted, "given up"),
    ]

    fileprivate var lines: [String] {
        let parts = Self.states.compactMap { state in saved[state.status].map { "\($0) \(state.name)" } }
        let kinds = parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
        return ["the outbox was damaged; saved \(count(savedCount))\(kinds)"] + lossLines + [
            "the damaged file is kept: \(damagedFile)", "next:  kin up",
        ]
    }

    private var lossLines: [String] {
        guard lostCount > 0 || isLowerBound else { return ["lost nothing"] }
        guard lostCount > 0 else { return ["lost: how many cannot be known"] }
        let waiting = lost.count { $0.lane != nil }
        let failed = waiting == 0 ? "" : "; \(waiting) of them waited:  kin outbox --failed  lists them"
        let first = lost.prefix(Self.shown).map { "  \($0.id)" } + (lost.count > Self.shown ? ["  …"] : [])
        return ["lost \(isLowerBound ? "at least " : "")\(count(lostCount))\(failed)"] + first
    }

    fileprivate var json: JSON {
        .object([
            "outcome": .string("recovered"),
            "saved": .object(
                Dictionary(
                    Self.states.map { ($0.status.rawValue, .integer(Int64(saved[$0.status] ?? 0))) }
                ) { first, _ in first }),
            "lost": .object([
                "count": .integer(Int64(lostCount)), "at_least": .bool(isLowerBound),
                "waited": .integer(Int64(lost.count { $0.lane != nil })),
                "ids": .array(lost.prefix(Self.listed).map { .string($0.id.description) }),
            ]), "damaged_file": .string(damagedFile),
        ])
    }
}

private func count(_ messages: Int) -> String { messages == 1 ? "1 message" : "\(messages) messages" }
