import ArgumentParser
import KinDaemonAPI
import KinWire

struct MessageCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "message",
        abstract: "Show how far a message of yours has come.",
        discussion: """
            queued: on this machine's disk; relayed: on the broker's; delivered: in the recipient's inbox, by its signed \
            receipt; dead: never to be sent, with the reason.

            EXAMPLES
              kin message 01JD9V7Q0000000000000000ZZ
              kin message nightly-2026-11-21 --json
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The id that  kin send  printed.")
    var id: String

    func run(in context: CommandContext, _ output: Output) async throws {
        guard let id = ClientMessageID(id) else {
            throw KinError(
                "message_id_invalid",
                "that is no message's id: it is 1 to 64 of A-Z a-z 0-9 . _ : -, as  kin send  printed it",
                category: .usage)
        }
        let status = try await LocalDaemon.of(context).call { try await $0.message(id) }
        try output.answer(.facts(MessageReport(status: status, moments: Moments(context)).facts), json: status.json)
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
        if status.status == .dead || status.status == .aborted {
            facts.append(
                .init(name: status.status.rawValue, value: status.lastError ?? "no reason was kept", tone: .bad))
        } else if let error = status.lastError, status.relayedAt == nil {
            facts.append(.init(name: "refused", value: "\(error); it is tried again", tone: .bad))
        }
        if let expiry = status.expiresAt { facts.append(.init(name: "expires", value: moments.clock(expiry))) }
        return facts
    }

    private func reached(_ name: String, _ time: Int64) -> Drawing.Fact {
        .init(name: name, value: "\(moments.clock(time))  after \(Moments.span(time - status.queuedAt))", tone: .good)
    }
}
