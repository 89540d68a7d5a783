import KinWire
import Testing

@testable import KinCommands

@Suite struct AttachKeysTests {
    private static func outputs(_ pieces: String..., escape: EscapeKey? = .usual) -> [AttachKeys.Output] {
        var keys = AttachKeys(escape: escape)
        return pieces.flatMap { keys.take(Array($0.utf8)) }
    }

    private static func typed(_ text: String) -> AttachKeys.Output { .typed(Array(text.utf8)) }

    @Test("what is typed goes to the program, control keys too")
    func plain() {
        #expect(Self.outputs("ls\r\u{03}\u{1a}\u{1b}[A") == [Self.typed("ls\r\u{03}\u{1a}\u{1b}[A")])
        #expect(Self.outputs("") == [])
    }

    @Test(
        "the key behind the escape key is a command",
        arguments: [
            ("d", AttachKeyCommand.detach), (".", .detach), ("n", .next), (" ", .next), ("p", .previous),
            ("1", .show(0)),
            ("9", .show(8)), ("?", .help), ("z", .suspend), ("\u{1a}", .suspend), ("k", .askToClose),
            ("x", .askToClose),
        ])
    func commands(key: String, command: AttachKeyCommand) {
        #expect(Self.outputs("\u{1d}\(key)") == [.command(command)])
        #expect(Self.outputs("a\u{1d}", key) == [Self.typed("a"), .command(command)])
        // With a numbered report of the escape key, as programs may ask for.
        #expect(Self.outputs("\u{1b}[93;5u\(key)") == [.command(command)])
        #expect(Self.outputs("\u{1b}[27;5;93~\(key)") == [.command(command)])
    }

    @Test("pressed twice, or with ], it goes to the program")
    func itself() {
        #expect(Self.outputs("\u{1d}\u{1d}x") == [Self.typed("\u{1d}x")])
        #expect(Self.outputs("\u{1d}]x") == [Self.typed("\u{1d}x")])
        #expect(Self.outputs("\u{1b}[93;5u]") == [Self.typed("\u{1b}[93;5u")])
    }

    @Test("with a key that is no command both go to the program")
    func other() {
        #expect(Self.outputs("\u{1d}", "j") == [Self.typed("\u{1d}j")])
        #expect(Self.outputs("\u{1d}\u{1b}[A") == [Self.typed("\u{1d}\u{1b}[A")])
        #expect(Self.outputs("\u{1d}0") == [Self.typed("\u{1d}0")])
    }

    @Test("what is closed is asked about first")
    func close() {
        #expect(Self.outputs("\u{1d}ky") == [.command(.askToClose), .command(.close)])
        for key in ["n", "\r", "\u{1d}", "Y"] {
            #expect(Self.outputs("\u{1d}k", key) == [.command(.askToClose), .command(.keep)])
        }
    }

    @Test("a paste holds no commands, wherever it is cut between keys")
    func paste() {
        let paste = "\u{1b}[200~a\u{1d}d\u{1b}[A\u{1b}[201~"
        #expect(Self.outputs(paste + "\u{1d}d") == [Self.typed(paste), .command(.detach)])
        #expect(
            Self.outputs("\u{1b}[200~a\u{1d}", "d\u{1b}[201~", "\u{1d}d") == [
                Self.typed("\u{1b}[200~a\u{1d}"), Self.typed("d\u{1b}[201~"), .command(.detach),
            ])
    }

    @Test("a paste is known by its marks wherever a read cuts them, and nothing of it waits")
    func cutMarks() {
        let (begin, end) = (Array("\u{1b}[200~".utf8), Array("\u{1b}[201~".utf8))
        let paste = begin + Array("a\u{1d}d\u{1b}[20\u{1b}".utf8) + end
        for cut in 1..<paste.count {
            var keys = AttachKeys(escape: .usual)
            let outputs = [paste[..<cut], paste[cut...]].map { keys.take(Array($0)) }
            #expect(outputs == [[.typed(Array(paste[..<cut]))], [.typed(Array(paste[cut...]))]], "cut at \(cut)")
            #expect(keys.take(Array("\u{1d}d".utf8)) == [.command(.detach)], "cut at \(cut)")
        }
        var keys = AttachKeys(escape: .usual)
        for byte in paste { #expect(keys.take([byte]) == [.typed([byte])]) }
        #expect(keys.take(Array("\u{1d}d".utf8)) == [.command(.detach)])
    }

    @Test("a key's release is the program's alone")
    func releases() {
        let release = "\u{1b}[93;5:3u"
        #expect(Self.outputs("\u{1b}[93;5:1u" + release + "\u{1b}[100;1:1u") == [.command(.detach)])
        #expect(Self.outputs("\u{1b}[97;1:3u") == [Self.typed("\u{1b}[97;1:3u")])
    }

    @Test("other modifiers make it another key")
    func modifiers() {
        #expect(Self.outputs("\u{1b}[93;6ud") == [Self.typed("\u{1b}[93;6ud")])
        // Number lock is none.
        #expect(Self.outputs("\u{1b}[93;133ud") == [.command(.detach)])
    }

    @Test("another escape key, and none")
    func configured() throws {
        let key = try #require(try EscapeKey.parse("ctrl-A"))
        #expect(Self.outputs("\u{01}d\u{1d}d", escape: key) == [.command(.detach), Self.typed("\u{1d}d")])
        #expect(Self.outputs("\u{1b}[97;5ud", escape: key) == [.command(.detach)])
        #expect(try EscapeKey.parse("^]") == .usual)
        #expect(try EscapeKey.parse("none") == nil)
        #expect(Self.outputs("\u{1d}d", escape: nil) == [Self.typed("\u{1d}d")])
        for text in ["", "a", "ctrl-", "ctrl-1", "^m", "ctrl-ab", "^["] {
            let error = #expect(throws: KinError.self) { try EscapeKey.parse(text) }
            #expect(error?.code == "escape_key_invalid")
        }
    }
}
