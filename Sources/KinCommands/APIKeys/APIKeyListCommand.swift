import ArgumentParser
import KinEncoding
import KinIdentity

struct APIKeyListCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "The server's API keys, revoked and expired ones too.",
        discussion: """
            EXAMPLES
              kin apikey list
              kin apikey list --json
            """)

    @OptionGroup var options: OutputOptions

    @OptionGroup var server: ServerDataOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let records = try await server.withKeys(context) { try $0.all() }
        let now = context.now()
        if records.isEmpty { output.note("no keys;  kin apikey new --member ID  makes one") }
        let drawing = Drawing.table(Self.table(records, Moments(context)))
        try output.answer(
            records.isEmpty ? .lines([]) : drawing,
            json: .object(["keys": .array(records.map { $0.json(now: now) })]))
    }

    private static func table(_ records: [APIKeyRecord], _ moments: Moments) -> Table {
        Table(
            headings: ["ID", "STATE", "SCOPES", "MEMBER", "EXPIRES", "LAST USED", "DESCRIPTION"],
            rows: records.map { record in
                let state = record.state(now: moments.now)
                return [
                    .init(record.id.description), .init(state.rawValue, state == .active ? .good : .dim),
                    .init(record.scopes.map(\.rawValue).joined(separator: " ")),
                    .init(record.member?.member.description ?? "–"),
                    .init(record.expiresAt.map { moments.clock($0) } ?? "never"),
                    .init(record.lastUsedAt.map { moments.relative($0) } ?? "never"), .init(record.description),
                ]
            })
    }
}
