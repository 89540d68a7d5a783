import KinTerminal
import KinWire
import Testing

@testable import KinCommands

@Suite struct AttachBoardTests {
    private static func board(_ names: String...) -> AttachBoard { AttachBoard(names, escape: .usual) }

    private static func typed(_ text: String) -> AttachKeys.Output { .typed(Array(text.utf8)) }

    @Test("keys go to the one that is shown, and the switch keys go round those that run")
    func switching() {
        var board = Self.board("one", "two", "three")
        #expect(board.take(Self.typed("x")) == [.send([0x78])])
        #expect(board.take(.command(.next)) == [.show(1)])
        #expect(board.take(.command(.next)) == [.show(2)])
        #expect(board.take(.command(.next)) == [.show(0)])
        #expect(board.take(.command(.previous)) == [.show(2)])
        #expect(board.take(.command(.show(1))) == [.show(1)])
        #expect(board.take(.command(.show(3))) == [.bell])
        #expect(board.ended(2, .exited(.code(0))) == [.bell, .note("three ended with 0")])
        #expect(board.take(.command(.next)) == [.show(0)])
        #expect(board.take(.command(.show(2))) == [.bell])
    }

    @Test("alone there is nothing to switch to")
    func alone() {
        var board = Self.board("one")
        #expect(board.take(.command(.next)) == [.bell])
        #expect(board.take(.command(.previous)) == [.bell])
        #expect(board.take(.command(.detach)) == [.finish(.detached)])
    }

    @Test("when the one that is shown ends the next is shown, and the last one's end is the end")
    func ends() {
        var board = Self.board("one", "two")
        #expect(board.ended(0, .exited(.code(3))) == [.show(1), .note("one ended with 3")])
        // Said once.
        #expect(board.ended(0, .exited(.code(3))) == [])
        #expect(board.ended(1, .exited(.signal(9))) == [.finish(.exited(.signal(9)))])
        var lost = Self.board("one")
        let error = KinError("device_offline", "gone", category: .unreachable)
        #expect(lost.ended(0, .lost(error)) == [.finish(.lost(error))])
        #expect(AttachEnd.lost(error).status == 3)
        #expect(AttachEnd.exited(.signal(9)).status == 137)
        #expect(AttachEnd.exited(.code(42)).status == 42)
        #expect(AttachEnd.detached.status == 0)
        #expect(AttachEnd.signalled(15).status == 143)
    }

    @Test("the help names all, and the key that ends its reading goes nowhere")
    func help() throws {
        var board = Self.board("one", "two")
        _ = board.ended(1, .exited(.code(1)))
        guard case .help(let lines)? = board.take(.command(.help)).first else {
            Issue.record("no help")
            return
        }
        #expect(lines.first == "ctrl-] and then")
        #expect(lines.contains(" *1  one"))
        #expect(lines.contains("  2  two  (ended with 1)"))
        #expect(board.take(Self.typed("q")) == [.show(0)])
        #expect(board.take(Self.typed("q")) == [.send([0x71])])
        _ = board.take(.command(.help))
        #expect(board.take(.command(.next)) == [.bell, .show(0)])
        _ = board.take(.command(.help))
        #expect(board.take(.command(.detach)) == [.finish(.detached)])
    }

    @Test("a question about closing is answered, and the screen comes back")
    func close() {
        var board = Self.board("one")
        guard case .help(let lines)? = board.take(.command(.askToClose)).first else {
            Issue.record("no question")
            return
        }
        #expect(lines == ["close one, and end what runs in it? y/N"])
        #expect(board.take(.command(.keep)) == [.show(0)])
        _ = board.take(.command(.askToClose))
        #expect(board.take(.command(.close)) == [.close(0)])
    }

    @Test("one that is out of reach takes no keys but kin's, and says so where it is shown")
    func away() {
        var board = Self.board("one", "two")
        let line = "one is out of reach, and looked for; ctrl-] d leaves it running"
        #expect(board.went(0) == [.tellAway(line)])
        // Said once.
        #expect(board.went(0) == [])
        #expect(board.take(Self.typed("x")) == [.bell])
        #expect(board.take(.command(.next)) == [.show(1)])
        #expect(board.take(Self.typed("x")) == [.send([0x78])])
        #expect(board.take(.command(.previous)) == [.show(0), .tellAway(line)])
        #expect(board.showAgain() == [.show(0), .tellAway(line)])
        guard case .help(let lines)? = board.take(.command(.help)).first else {
            Issue.record("no help")
            return
        }
        #expect(lines.contains(" *1  one  (out of reach)"))
        #expect(board.take(Self.typed("q")) == [.show(0), .tellAway(line)])
        board.cameBack(0)
        #expect(board.take(Self.typed("x")) == [.send([0x78])])
        #expect(board.showAgain() == [.show(0)])
        // Of one that is not shown nothing is said.
        #expect(board.went(1) == [])
        #expect(board.take(.command(.detach)) == [.finish(.detached)])
    }
}
