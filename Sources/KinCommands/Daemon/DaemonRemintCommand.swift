import ArgumentParser
import KinDaemon
import KinEncoding
import KinIdentity
import KinWire

struct DaemonRemintCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "remint",
        abstract: "Make a copied home a device of its own.",
        discussion: """
            For a home that was copied from a machine still in use: this copy gets another machine id, other keys and a \
            certificate of its own, for which the recovery phrase is asked as by  kin wallet import . The original's keys, \
            outbox and inbox are moved aside beside their places (*.before-remint-TIME), and its name is given up. What was \
            still to be sent is listed and never sent from here: the original sends it. The daemon must be down.

            EXAMPLES
              kin daemon remint
              kin daemon remint < phrase
            """)

    @OptionGroup var options: OutputOptions

    @OptionGroup var phrase: PhraseOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try StateFolder(environment: context.environment)
        let daemon = try StoppedDaemon(state, reader: context.host)
        let wallet = try phrase.wallet(context)
        let reminted = try await daemon.remint(wallet.walletFile, signer: wallet, now: context.now())
        try output.answer(.lines(Self.lines(reminted)), json: Self.json(reminted))
    }

    private static func lines(_ reminted: StoppedDaemon.Reminted) -> [String] {
        var lines = ["this machine is a device of its own now: \(reminted.machineID)"]
        switch reminted.pending {
        case nil: lines.append("the original's outbox could not be read; it was moved aside as it was")
        case let pending? where pending.count > 0:
            lines.append("left to the original to send, \(pending.count):")
            lines += pending.first.map { "  \($0.id)  to \($0.recipient)" }
            if pending.count > pending.first.count { lines.append("  …") }
        default: break
        }
        lines.append("moved aside, \(reminted.movedAside.count):")
        lines += reminted.movedAside.map { "  \($0)" }
        let name = reminted.formerName.map { ", which is \($0) no more" } ?? ""
        return lines + ["next:  kin up --name NAME  for this device\(name)"]
    }

    private static func json(_ reminted: StoppedDaemon.Reminted) -> JSON {
        .object([
            "machine_id": .string(reminted.machineID.description), "member": .string(reminted.member.description),
            "moved_aside": .array(reminted.movedAside.map { .string($0) }),
            "former_name": reminted.formerName.map { .string($0.description) } ?? .null,
            "pending": reminted.pending.map { pending in
                .object([
                    "count": .integer(Int64(pending.count)),
                    "first": .array(
                        pending.first.map {
                            .object([
                                "client_message_id": .string($0.id.description), "to_member": .string($0.recipient),
                            ])
                        }),
                ])
            } ?? .null,
        ])
    }
}
