import ArgumentParser

struct MeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh",
        abstract: "Who belongs to the mesh, by whose word, and what holds in it.",
        discussion: """
            EXAMPLES
              kin mesh members
              kin mesh credential --role machine --ttl 30d
              kin mesh set concurrent-policy prefer_oldest
            """,
        subcommands: [MeshMembersCommand.self, MeshCredentialCommand.self, MeshSetCommand.self])
}
