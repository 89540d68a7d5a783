import ArgumentParser

struct TopicCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topic", abstract: "Make, join and leave topics, and say who is in them.",
        discussion: """
            A topic is for everybody who joins it; a private one is for those it names, and nobody else knows what is said in \
            it. Who leaves, is taken off or is revoked reads nothing that is said from then on: the others take another key.

            EXAMPLES
              kin topic create alerts
              kin topic create plans --private --with studio --with phone
              kin topic join alerts
              kin topic remove plans phone
            """,
        subcommands: [
            TopicCreateCommand.self, TopicJoinCommand.self, TopicLeaveCommand.self, TopicMembersCommand.self,
            TopicAddCommand.self, TopicRemoveCommand.self, TopicRekeyCommand.self,
        ])
}
