import ArgumentParser
import KinEncoding
import KinIdentity
import KinServer
import KinWire

struct APIKeyNewCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make an API key and show it once.",
        discussion: """
            With --member the key may send for that member: its device seals and signs, the key only opens the server's door \
            (POST /v1/messages). The server keeps a hash; a lost key is replaced by a new one. It works at once, beside a \
            running server.

            EXAMPLES
              kin apikey new --member ID --description "build robot" --ttl 90d
              kin apikey new --member ID --data /srv/kindred
            """)

    @OptionGroup var options: OutputOptions

    @Option(help: ArgumentHelp("For whom it may send, as kin peers --json has it.", valueName: "id"))
    var member: String?

    @Option(help: ArgumentHelp("The member's mesh, where several have it.", valueName: "slug@wallet"))
    var mesh: String?

    @Option(
        name: .customLong("scope"),
        help: ArgumentHelp(
            "What it may do: send (the default with --member), mesh:create or metrics:read; may be given again.",
            valueName: "scope"))
    var scopes: [String] = []

    @Option(help: ArgumentHelp("What it is for, shown by kin apikey list.", valueName: "text"))
    var description = ""

    @Option(
        help: ArgumentHelp("How long it is good, as in 90d or 12h; for ever if not given.", valueName: "time"),
        transform: TimeSpan.parse)
    var ttl: TimeSpan?

    @OptionGroup var server: ServerDataOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let request = try request()
        let (key, record) = try await server.withKeys(context) { try await $0.make(request, now: context.now()) }
        try key.withText { text in
            try output.answer(
                .lines([text]), json: .object(["key": .string(text), "record": record.json(now: context.now())]))
        }
        output.note("key \(record.id); it is not shown again", .good)
    }

    private func request() throws -> ServerAPIKeys.Request {
        let scopes = try scopes.map { text in
            guard let scope = APIScope(rawValue: text) else {
                throw KinError(
                    "scope_unknown",
                    "--scope takes \(APIScope.allCases.map(\.rawValue).joined(separator: " or ")), not \(text)",
                    category: .usage)
            }
            return scope
        }
        var request = ServerAPIKeys.Request(
            scopes: scopes.isEmpty && member != nil ? [.send] : scopes, description: description,
            lifetime: ttl?.milliseconds)
        request.member = try member.map { text in
            guard let id = ULID(text) else {
                throw KinError(
                    "member_invalid", "--member takes a member's id of 26 characters, as  kin peers --json  has it",
                    category: .usage)
            }
            return id
        }
        request.mesh = try mesh.map { text in
            guard let mesh = MeshID(text) else {
                throw KinError("mesh_invalid", "--mesh takes <slug>@<wallet address>", category: .usage)
            }
            return mesh
        }
        return request
    }
}

extension APIKeyRecord {
    func json(now: Int64) -> JSON {
        .object([
            "id": .string(id.description), "state": .string(state(now: now).rawValue),
            "member": member.map { .string($0.member.description) } ?? .null,
            "mesh": member.map { .string($0.mesh.description) } ?? .null,
            "scopes": .array(scopes.map { .string($0.rawValue) }), "description": .string(description),
            "created_at": .integer(createdAt), "expires_at": expiresAt.map { .integer($0) } ?? .null,
            "last_used_at": lastUsedAt.map { .integer($0) } ?? .null,
            "revoked_at": revokedAt.map { .integer($0) } ?? .null,
        ])
    }
}
