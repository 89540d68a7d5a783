import KinDaemonAPI
import KinEncoding
import KinWire

/// The one renderer: answers go to standard output, everything else to standard error; as text, or as JSON for programs.
struct Output: Sendable {
    enum Form: Hashable, Sendable {
        case text, json
    }

    let form: Form
    private let answers: any TextStream
    private let notes: any TextStream
    private let answerStyle: Style
    private let noteStyle: Style

    init(form: Form, context: CommandContext) {
        self.form = form
        answers = context.output
        notes = context.errors
        answerStyle = Style(of: context.output, environment: context.environment)
        noteStyle = Style(of: context.errors, environment: context.environment)
    }

    /// The command's answer, in the form that was asked for. JSON is canonical and one line.
    func answer(_ drawing: @autoclosure () -> Drawing, json: @autoclosure () -> JSON) throws {
        switch form {
        case .text: try answers.write(drawing().text(answerStyle))
        case .json: try answers.write(String(decoding: json().canonicalBytes(), as: UTF8.self) + "\n")
        }
    }

    /// Text as it is, whatever the form: for what other programs read anyway.
    func raw(_ text: String) throws { try answers.write(text.withLineEnd) }

    /// A line beside the answer. Lost where nobody reads it: it must not stop the work.
    func note(_ text: String, _ tone: Tone = .plain) {
        try? notes.write(noteStyle.paint(text.withLineEnd, tone))
    }

    /// A part of a line beside the answer, such as progress that is written over.
    func notePart(_ text: String) { try? notes.write(text) }

    var notesAreOnTerminal: Bool { notes.isTerminal }

    func failure(_ error: KinError) {
        switch form {
        case .text: note(noteStyle.paint("kin: ", .bad) + error.message.printable(keepingLines: true))
        case .json: note(String(decoding: APIError.json(error).canonicalBytes(), as: UTF8.self))
        }
    }
}

extension String {
    var withLineEnd: String { hasSuffix("\n") ? self : self + "\n" }
}
