import ArgumentParser

struct MeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh",
        abstract: "Who belongs to the mesh, and by whose word.",
        discussion: """
            EXAMPLES
              kin mesh members
            """,
        subcommands: [MeshMembersCommand.self])
}
