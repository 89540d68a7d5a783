import ArgumentParser
import KinDaemonAPI
import KinWire

struct MessageCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "message",
        abstract: "Show how far a message of yours has come.",
        discussion: """
            queued: on this machine's disk; relayed: on the broker's; delivered: in the recipient's inbox, by its signed \
            receipt; read: its reader said so; refused: it came and was not taken, by a signed word too; dead: never to be \
            sent; aborted: given up. Of a post relayed is the last: nobody receipts it.

            EXAMPLES
              kin message 01JD9V7Q0000000000000000ZZ
              kin message nightly-2026-11-21 --json
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The id that  kin send  printed.")
    var id: String

    func run(in context: CommandContext, _ output: Output) async throws {
        let id = try MessageReport.id(id)
        let daemon = try LocalDaemon.of(context)
        let status = try await daemon.call { try await $0.message(id) }
        let shown = output.form == .text ? await KeyWait(daemon.client).explained([status]).first ?? status : status
        try output.answer(.facts(MessageReport(status: shown, moments: Moments(context)).facts), json: status.json)
    }
}

/// A message's states with their times.
struct MessageReport {
    let status: MessageStatus
    let moments: Moments

    var facts: [Drawing.Fact] {
        var facts: [Drawing.Fact] = [
            .init(name: "message", value: "\(status.clientMessageID) to \(status.to)"),
            .init(name: "queued", value: moments.clock(status.queuedAt)),
        ]
        facts += [("relayed", status.relayedAt), ("delivered", status.deliveredAt), ("read", status.readAt)].compactMap
        {
            name, time in time.map { reached(name, $0) }
        }
        facts += trouble
        if let other = status.supersededBy { facts.append(.init(name: "instead", value: other.description)) }
        if let expiry = status.expiresAt { facts.append(.init(name: "expires", value: moments.clock(expiry))) }
        return facts
    }

    /// Where it did not go, or does not for now.
    private var trouble: [Drawing.Fact] {
        let reason = status.lastError ?? "no reason was kept"
        switch status.status {
        case .dead: return [.init(name: "dead", value: reason, tone: .bad)]
        case .refused:
            let time = status.refusedAt.map { "\(moments.clock($0))  " } ?? ""
            return [.init(name: "refused", value: "\(time)by \(status.to): \(reason)", tone: .bad)]
        case .aborted:
            let time = status.abortedAt.map { "\(moments.clock($0))  " } ?? ""
            return [.init(name: "aborted", value: "\(time)by \(status.abortedBy ?? "nobody known")", tone: .bad)]
        case .queued:
            guard let error = status.lastError else { return [] }
            if error.contains(KeyWait.code) { return [.init(name: "waits", value: error, tone: .bad)] }
            let tries = status.attempts > 1 ? " after \(status.attempts) attempts" : ""
            let next = status.nextAttemptAt.map { ", in \(Moments.span($0 - moments.now))" } ?? ""
            return [.init(name: "waits", value: "\(error)\(tries); it is tried again\(next)", tone: .bad)]
        case .relayed, .delivered, .read: return []
        }
    }

    /// - Throws: `message_id_invalid`.
    static func id(_ text: String) throws -> ClientMessageID {
        guard let id = ClientMessageID(text) else {
            throw KinError(
                "message_id_invalid",
                "that is no message's id: it is 1 to 64 of A-Z a-z 0-9 . _ : -, as  kin send  printed it",
                category: .usage)
        }
        return id
    }

    private func reached(_ name: String, _ time: Int64) -> Drawing.Fact {
        .init(name: name, value: "\(moments.clock(time))  after \(Moments.span(time - status.queuedAt))", tone: .good)
    }
}
