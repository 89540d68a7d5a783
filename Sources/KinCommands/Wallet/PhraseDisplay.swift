import KinEncoding
import KinVault
import KinWire

/// Shows a phrase: on a terminal in numbered columns, elsewhere only where that was asked for.
enum PhraseDisplay {
    /// - Throws: `phrase_needs_terminal`.
    static func check(_ context: CommandContext, print: Bool) throws {
        guard print || context.output.isTerminal else {
            throw KinError(
                "phrase_needs_terminal",
                "the words are shown on a terminal only: run it there, or add --print if whatever reads this output keeps them safe",
                category: .usage)
        }
    }

    /// - Parameter members: what JSON says beside the words.
    static func show(
        _ phrase: Phrase, _ context: CommandContext, _ output: Output, beside members: [String: JSON] = [:]
    ) throws {
        try phrase.withWords { words in
            if output.form == .text && context.output.isTerminal {
                output.note("Write these words down, in this order. They are not shown again.\n")
                try output.answer(.lines(columns(words)), json: .null)
                output.note("")
            } else {
                let json = JSON.object(members.merging(["words": .array(words.map { .string($0) })]) { $1 })
                try output.answer(.lines([words.joined(separator: " ")]), json: json)
            }
        }
    }

    /// Numbered, downwards in four columns, as people write lists.
    static func columns(_ words: [String]) -> [String] {
        let rows = (words.count + 3) / 4
        return (0..<rows).map { row in
            stride(from: row, to: words.count, by: rows).map { index in
                let number = String(index + 1)
                return String(repeating: " ", count: max(3 - number.count, 0)) + number + ". "
                    + words[index].padded(to: 9)
            }.joined().trimmingEnd
        }
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var text = self[...]
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
