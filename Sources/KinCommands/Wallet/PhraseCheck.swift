import KinVault
import KinWire

/// Asks three random words of a phrase back, so that nobody goes on without having them.
struct PhraseCheck {
    private static let questions = 3
    private static let tries = 3

    let phrase: Phrase
    /// What to run again.
    var command = "kin wallet new"

    /// - Throws: `phrase_not_confirmed` after three wrong answers to one question.
    func ask(_ context: CommandContext) throws {
        for position in positions(context) {
            try ask(position, context)
        }
    }

    private func positions(_ context: CommandContext) -> [Int] {
        var left = Array(0..<phrase.wordCount)
        let positions = (0..<Self.questions).map { _ in left.remove(at: context.random(left.indices)) }
        return positions.sorted()
    }

    private func ask(_ position: Int, _ context: CommandContext) throws {
        for attempt in 1...Self.tries {
            let answer = try context.terminal.ask("word \(position + 1): ")
            let typed = answer.lowercased().filter { !$0.isWhitespace }
            if phrase.withWords({ $0[position] == typed }) { return }
            if attempt < Self.tries { try context.errors.write("that is not word \(position + 1); look again\n") }
        }
        throw KinError(
            "phrase_not_confirmed",
            "the words were not confirmed, so this phrase is not used: throw it away and run  \(command)  again",
            category: .usage)
    }
}
