import KinCommands
import KinCrypto
import KinWire
import Synchronization

/// Answers as a person would, or is a pipe with some bytes in it.
final class ScriptedTerminal: Terminal {
    private struct State {
        var answers: [String]
        var prompts: [String] = []
        /// Pieces of what is piped in that were read.
        var pieces = 0
    }

    let canAsk: Bool
    private let piped: [UInt8]
    /// What `readSome` gives, piece by piece.
    private let pieces: [String]
    private let state: Mutex<State>
    private let answer: (@Sendable (String) -> String)?

    /// A person with these answers, in order.
    init(answers: [String]) {
        canAsk = true
        (piped, pieces) = ([], [])
        answer = nil
        state = Mutex(State(answers: answers))
    }

    /// A person who knows what to say to each prompt.
    init(answering answer: @escaping @Sendable (String) -> String) {
        canAsk = true
        (piped, pieces) = ([], [])
        self.answer = answer
        state = Mutex(State(answers: []))
    }

    /// No person: a pipe.
    init(piped: String) {
        canAsk = false
        self.piped = Array(piped.utf8)
        pieces = [piped]
        answer = nil
        state = Mutex(State(answers: []))
    }

    /// No person: a pipe, in these pieces.
    init(pieces: [String]) {
        canAsk = false
        piped = []
        self.pieces = pieces
        answer = nil
        state = Mutex(State(answers: []))
    }

    func readSome() throws -> [UInt8] {
        let index = state.withLock { state in
            defer { state.pieces += 1 }
            return state.pieces
        }
        return index < pieces.count ? Array(pieces[index].utf8) : []
    }

    var prompts: [String] { state.withLock { $0.prompts } }

    func ask(_ prompt: String) throws -> String {
        try state.withLock { state in
            state.prompts.append(prompt)
            if let answer { return answer(prompt) }
            guard !state.answers.isEmpty else {
                throw KinError("input_ended", "the input ended before an answer", category: .usage)
            }
            return state.answers.removeFirst()
        }
    }

    func askSecret(_ prompt: String) throws -> SecretBytes { SecretBytes(copying: Array(try ask(prompt).utf8)) }

    func readAll(limit: Int) throws -> SecretBytes {
        guard piped.count <= limit else {
            throw KinError("input_too_large", "the input is longer than \(limit) bytes", category: .tooLarge)
        }
        return SecretBytes(copying: piped)
    }
}
