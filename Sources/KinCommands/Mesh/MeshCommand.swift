import ArgumentParser

struct MeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh",
        abstract: "Who belongs to the mesh, by whose word, and what holds in it.",
        discussion: """
            EXAMPLES
              kin mesh members
              kin mesh invite                       and  kin mesh join  on the device that is invited
              kin mesh credential --role machine --ttl 30d
              kin mesh set concurrent-policy prefer_oldest
            """,
        subcommands: [
            MeshMembersCommand.self, MeshInviteCommand.self, MeshJoinCommand.self, MeshCredentialCommand.self,
            MeshSetCommand.self,
        ])
}
