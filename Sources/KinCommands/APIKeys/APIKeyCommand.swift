import ArgumentParser
import KinIdentity
import KinServer

struct APIKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apikey",
        abstract: "Keys for programs that use this machine's server over HTTP.",
        discussion: """
            EXAMPLES
              kin apikey new --member ID --description "build robot" --ttl 90d
              kin apikey list
              kin apikey revoke ID
            """,
        subcommands: [APIKeyNewCommand.self, APIKeyListCommand.self, APIKeyRevokeCommand.self])
}

/// Which server's keys.
struct ServerDataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The server's data folder; ~/.kindred/server if not given.", valueName: "dir"),
        completion: .directory)
    var data: String?

    func withKeys<T>(_ context: CommandContext, _ body: (ServerAPIKeys) async throws -> T) async throws -> T {
        let keys = try ServerAPIKeys(data: try data ?? StateFolder(environment: context.environment).serverPath)
        defer { keys.close() }
        return try await body(keys)
    }
}
