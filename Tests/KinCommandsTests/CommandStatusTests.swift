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

    @Test("a wrong phrase is the user's to mend, and keeps its code")
    func phrase() {
        let error = KinError(reporting: PhraseError(code: "phrase_checksum", message: "does not fit"))
        #expect(error.category == .usage)
        #expect(error.code == "phrase_checksum")
    }
}
