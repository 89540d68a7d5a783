import KinTesting
import Testing

@testable import KinTerminal

@Suite struct EscapeParserTests {
    static let stream =
        "a\u{1b}[1;31mb\u{1b}[?1049h\u{1b}(0\u{0e}q\u{0f}\u{1b}]0;title\u{07}\u{1b}]2;other\u{1b}\\c\u{1b}Pq#0\u{1b}\\ü\u{1b}=\u{1b}c"

    static func found(_ text: String) -> [EscapeSequence] {
        var parser = EscapeParser()
        return parser.parse(Array(text.utf8)).map(\.sequence)
    }

    static func csi(_ text: String) -> EscapeSequence { .csi(ControlSequence(bytes: Array(text.utf8))) }

    @Test("every kind of sequence is found")
    func kinds() {
        #expect(
            Self.found(Self.stream) == [
                Self.csi("1;31m"), Self.csi("?1049h"), .escape(Array("(0".utf8)), .control(0x0e), .control(0x0f),
                .text(kind: UInt8(ascii: "]"), Array("0;title".utf8)),
                .text(kind: UInt8(ascii: "]"), Array("2;other".utf8)),
                .text(kind: UInt8(ascii: "P"), Array("q#0".utf8)), .escape([UInt8(ascii: "=")]),
                .escape([UInt8(ascii: "c")]),
            ])
    }

    @Test("wherever a stream is cut, the same sequences are found at the same places")
    func cuts() {
        let bytes = Array(Self.stream.utf8)
        var whole = EscapeParser()
        let expected = whole.parse(bytes)
        for cut in 0...bytes.count {
            var parser = EscapeParser()
            let found = parser.parse(Array(bytes[..<cut])) + parser.parse(Array(bytes[cut...]))
            #expect(found == expected, "cut at \(cut)")
            #expect(parser.position == Int64(bytes.count))
        }
        var parser = EscapeParser()
        #expect(bytes.flatMap { parser.parse([$0]) } == expected)
    }

    @Test("a range holds the sequence and nothing else")
    func ranges() {
        let bytes = Array(Self.stream.utf8)
        var parser = EscapeParser()
        for found in parser.parse(bytes) {
            let text = bytes[Int(found.range.lowerBound)..<Int(found.range.upperBound)]
            #expect([0x1b, 0x0e, 0x0f].contains(text.first))
            var again = EscapeParser()
            #expect(again.parse(Array(text)).map(\.sequence) == [found.sequence])
        }
    }

    @Test("cancelling bytes end a sequence, and an ESC begins another")
    func aborted() {
        #expect(Self.found("\u{1b}[1;\u{18}m\u{1b}[2J") == [Self.csi("2J")])
        #expect(Self.found("\u{1b}[1;\u{1b}[2J") == [Self.csi("2J")])
        #expect(Self.found("\u{1b}]0;x\u{1b}[2J") == [Self.csi("2J")])
        #expect(Self.found("\u{1b}]0;x\u{1a}y") == [])
    }

    @Test("characters of UTF-8 are no control bytes, whichever bytes they have")
    func characters() {
        // U+009B, U+015B and others hold 0x9b, which is CSI in other encodings.
        #expect(Self.found("\u{9b}2J\u{15b}\u{41b}") == [])
    }

    @Test("a text of megabytes is held in part only")
    func bounded() {
        var parser = EscapeParser()
        let found = parser.parse(
            Array("\u{1b}P".utf8) + Array(repeating: 0x41, count: 3 << 20) + Array("\u{1b}\\".utf8))
        guard case .text(_, let held)? = found.first?.sequence else {
            Issue.record("no text was found")
            return
        }
        #expect(held.count <= 1024)
        #expect(parser.isBetween)
    }

    @Test("any bytes at all are read, and leave a parser that goes on")
    func anything() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            var parser = EscapeParser()
            let bytes = (0..<300).map { _ in
                Bool.random(using: &generator)
                    ? UInt8.random(in: .min ... .max, using: &generator)
                    : [0x1b, 0x5b, 0x5d, 0x50, 0x3b, 0x07, 0x18].randomElement(using: &generator) ?? 0
            }
            let found = parser.parse(bytes)
            #expect(parser.position == 300)
            for (one, next) in zip(found, found.dropFirst()) {
                #expect(one.range.upperBound <= next.range.lowerBound)
            }
            #expect(parser.parse(Array("\u{18}\u{1b}[2J".utf8)).map(\.sequence) == [Self.csi("2J")])
        }
    }

    @Test(
        "what a terminal answers is known",
        arguments: [
            ("\u{05}", true), ("\u{1b}[c", true), ("\u{1b}[>c", true), ("\u{1b}[6n", true), ("\u{1b}[?6n", true),
            ("\u{1b}[>q", true), ("\u{1b}[?2026$p", true), ("\u{1b}[?u", true), ("\u{1b}[14t", true),
            ("\u{1b}]11;?\u{07}", true), ("\u{1b}P+q544e\u{1b}\\", true), ("\u{1b}Z", true),
            ("\u{1b}[2 q", false), ("\u{1b}[!p", false), ("\u{1b}[>1u", false), ("\u{1b}[22;0t", false),
            ("\u{1b}]0;title\u{07}", false), ("\u{1b}[2J", false), ("\u{07}", false),
        ])
    func questions(text: String, isAnswered: Bool) {
        #expect(Self.found(text).map(\.asksForAnswer) == [isAnswered])
    }

    @Test("parameters are read as terminals read them")
    func parameters() {
        #expect(ControlSequence(bytes: Array("m".utf8)).parameters == [])
        #expect(ControlSequence(bytes: Array("1;;3m".utf8)).parameters == [1, nil, 3])
        #expect(ControlSequence(bytes: Array("4:3;5m".utf8)).parameters == [4, 5])
        #expect(ControlSequence(bytes: Array("?25h".utf8)).parameters == [25])
        #expect(ControlSequence(bytes: Array("99999999999999999999h".utf8)).parameters == [nil])
    }
}
