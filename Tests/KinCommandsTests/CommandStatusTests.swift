import KinVault
import KinWire
import Testing

@testable import KinCommands

@Suite("Exit codes")
struct CommandStatusTests {
    @Test(
        "every kind of error has its code",
        arguments: [
            (KinError.Category.failed, 1), (.exhausted, 1), (.usage, 2), (.unreachable, 3), (.refused, 4),
            (.tooLarge, 4),
            (.notFound, 5), (.conflict, 6),
        ] as [(KinError.Category, Int32)])
    func codes(category: KinError.Category, code: Int32) { #expect(CommandStatus(category).rawValue == code) }

    @Test("what Control-C ended before it was done has the shell's code, whatever kind of error says so")
    func interrupted() {
        #expect(CommandStatus(KinError("interrupted", "x")).rawValue == 130)
        #expect(CommandStatus(KinError("file_gone", "x", category: .notFound)).rawValue == 5)
    }

    @Test("a path is one word of a shell, quoted where it has to be")
    func shellWord() {
        #expect("\(ShellWord("/tmp/a-b.pdf"))" == "/tmp/a-b.pdf")
        #expect("\(ShellWord("it's here"))" == "'it'\\''s here'")
        #expect("\(ShellWord(""))" == "''")
    }

    @Test("a wrong phrase is the user's to mend, and keeps its code")
    func phrase() {
        let error = KinError(reporting: PhraseError(code: "phrase_checksum", message: "does not fit"))
        #expect(error.category == .usage)
        #expect(error.code == "phrase_checksum")
    }
}
