import ArgumentParser
import KinEncoding
import KinWire

struct APIKeyRevokeCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Take an API key back, at once and for good.",
        discussion: """
            A running server refuses the key with its next look, also in the middle of a request. Repeated, it changes nothing.

            EXAMPLES
              kin apikey revoke 01K0M5T0V4Q6J8Z2X3C5B7N9RA
            """)

    @OptionGroup var options: OutputOptions

    @Argument(help: "The key's id, as kin apikey list has it; not the key itself.")
    var id: String

    @OptionGroup var server: ServerDataOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        guard let id = ULID(id) else {
            // What was typed may be a key: it is not repeated.
            throw KinError(
                "key_id_invalid", "this is no key's id:  kin apikey list  shows them", category: .usage)
        }
        let record = try await server.withKeys(context) { try await $0.revoke(id, now: context.now()) }
        try output.answer(.lines(["key \(record.id) is revoked"]), json: record.json(now: context.now()))
    }
}
