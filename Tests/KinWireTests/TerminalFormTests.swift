import KinEncoding
import Testing

@testable import KinWire

@Suite struct TerminalFormTests {
    private static let id = ULID(milliseconds: 1_795_255_392_000, randomness: Array(0..<10))

    @Test(
        "what comes from a terminal reads back as it was",
        arguments: [
            TerminalEvent.screen(position: 0, []), .screen(position: 9, Array("\u{1b}[2J".utf8)),
            .output(position: 1 << 52, [0, 255, 13, 10]), .gap(5..<9), .exited(.code(0)), .exited(.code(255)),
            .exited(.signal(9)),
        ])
    func events(event: TerminalEvent) throws {
        #expect(try TerminalEvent(json: JSON.parse(event.json.canonicalBytes())) == event)
    }

    @Test("inputs read back as they were")
    func inputs() throws {
        let size = try #require(TerminalSize(columns: 100, rows: 40))
        for request in [
            TerminalRequest(),
            TerminalRequest(
                name: "build", command: ["make", "-j2", ""], folder: "~/src", kind: "tmux-256color", size: size,
                isPlain: true),
        ] {
            #expect(try TerminalRequest(json: request.json) == request)
        }
        for start in [TerminalStart.screen, .end, .position(0), .position(77)] {
            for size in [nil, size] {
                let attachment = TerminalAttachment(id: Self.id, start: start, size: size)
                #expect(try TerminalAttachment(json: attachment.json) == attachment)
            }
        }
        let input = TerminalInput(id: Self.id, bytes: Array(repeating: 7, count: TerminalInput.maxBytes))
        #expect(try TerminalInput(json: input.json) == input)
        #expect(try TerminalResize(json: TerminalResize(id: Self.id, size: size).json).size == size)
        #expect(try TerminalReference(json: TerminalReference(id: Self.id).json).id == Self.id)
    }

    @Test("a listed terminal reads back as it was")
    func infos() throws {
        var info = TerminalInfo(
            id: Self.id, name: "", command: ["-bash"], process: 77, size: .usual, opened: 5, lastAttached: nil,
            attached: 0, exit: nil)
        let plain = info
        info.lastAttached = 9
        info.exit = .signal(15)
        #expect(try TerminalInfo.list(json: TerminalInfo.json([plain, info])) == [plain, info])
    }

    @Test("what may be left out has its usual value, and what is not known is passed over")
    func usual() throws {
        #expect(try TerminalRequest(json: .object([:])) == TerminalRequest())
        #expect(try TerminalRequest(json: .object(["later": .bool(true)])) == TerminalRequest())
        #expect(try TerminalAttachment(json: .object(["id": .text(Self.id)])).start == .screen)
    }

    @Test(
        "a wrong request is refused",
        arguments: [
            #"{"command":[]}"#, #"{"command":"ls"}"#, #"{"command":[1]}"#, #"{"command":[""]}"#, #"{"columns":80}"#,
            #"{"columns":0,"rows":24}"#, #"{"columns":1001,"rows":24}"#, #"{"kind":""}"#, #"{"kind":"a b"}"#,
            #"{"name":"a\u001b"}"#, #"{"folder":""}"#, #"{"plain":1}"#, "[]",
        ])
    func wrongRequests(text: String) throws {
        let json = try JSON.parse(Array(text.utf8))
        #expect(throws: WireError.self) { try TerminalRequest(json: json) }
    }

    @Test(
        "a wrong event is refused",
        arguments: [
            #"{"event":"output","position":0,"data":"?"}"#, #"{"event":"output","data":""}"#,
            #"{"event":"gap","from":5,"to":4}"#, #"{"event":"exited"}"#, #"{"event":"exited","code":256}"#,
            #"{"event":"exited","signal":0}"#, #"{"event":"other"}"#, "{}",
        ])
    func wrongEvents(text: String) throws {
        let json = try JSON.parse(Array(text.utf8))
        #expect(throws: WireError.self) { try TerminalEvent(json: json) }
    }

    @Test("a write of more than its bytes is refused")
    func tooMuch() {
        let input = TerminalInput(id: Self.id, bytes: Array(repeating: 7, count: TerminalInput.maxBytes + 1))
        #expect(throws: WireError.self) { try TerminalInput(json: input.json) }
    }
}
