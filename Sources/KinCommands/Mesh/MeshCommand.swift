import ArgumentParser

struct MeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh",
        abstract: "Who belongs to the mesh, and by whose word.",
        discussion: """
            EXAMPLES
              kin mesh members
              kin mesh credential --role machine --ttl 30d
            """,
        subcommands: [MeshMembersCommand.self, MeshCredentialCommand.self])
}
