import KinEncoding
import KinTesting
import Testing

@Suite struct JSONParsingTests {
    static let valid: [(String, JSON)] = [
        ("null", .null), ("true", .bool(true)), (" false\n", .bool(false)),
        ("0", .integer(0)), ("-0", .integer(0)), ("-12", .integer(-12)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)),
        ("-9223372036854775809", .number(-9_223_372_036_854_775_808)),
        ("99999999999999999999999", .number(1e23)),
        ("1.0", .number(1)), ("1e2", .number(100)), ("1E-2", .number(0.01)), ("-1.5e+3", .number(-1500)),
        ("1e-999", .number(0)),
        (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\t""#, .string("a\"\\/\u{8}\u{c}\n\r\t")),
        (#""\u0041\u00e9\u20AC""#, .string("Aé€")), (#""\ud83d\ude00 😀""#, .string("😀 😀")),
        (#""\u0000""#, .string("\0")), ("\"\u{7f}\"", .string("\u{7f}")),
        ("[]", .array([])), ("[ ]", .array([])),
        ("[1, [2],\t3 ]", .array([.integer(1), .array([.integer(2)]), .integer(3)])),
        ("{}", .object([:])),
        (#"{ "a" : 1 , "" : {"a":2} }"#, .object(["a": .integer(1), "": .object(["a": .integer(2)])])),
    ]

    @Test("valid JSON is read", arguments: valid)
    func accepted(text: String, value: JSON) throws {
        #expect(try JSON.parse(Array(text.utf8)) == value)
    }

    static let invalid: [(String, String)] = [
        ("", "json_unexpected_end"), (" ", "json_unexpected_end"), ("[", "json_unexpected_end"),
        ("{\"a\"", "json_unexpected_end"), ("\"a", "json_unexpected_end"), ("\"\\", "json_unexpected_end"),
        ("\"\\u12", "json_unexpected_end"), ("tru", "json_unexpected_end"), ("-", "json_unexpected_end"),
        ("1.", "json_unexpected_end"), ("1e", "json_unexpected_end"), ("1e+", "json_unexpected_end"),
        ("nul1", "json_unexpected_byte"), ("True", "json_unexpected_byte"), ("+1", "json_unexpected_byte"),
        (".5", "json_unexpected_byte"), ("01", "json_unexpected_byte"), ("-01", "json_unexpected_byte"),
        ("00", "json_unexpected_byte"), ("1.e1", "json_unexpected_byte"), ("1ex", "json_unexpected_byte"),
        ("[1,]", "json_unexpected_byte"), ("[,1]", "json_unexpected_byte"), ("[1 2]", "json_unexpected_byte"),
        ("{\"a\":1,}", "json_unexpected_byte"), ("{a:1}", "json_unexpected_byte"), ("{1:1}", "json_unexpected_byte"),
        ("{\"a\" 1}", "json_unexpected_byte"), ("{\"a\":1 \"b\":2}", "json_unexpected_byte"),
        ("[1}", "json_unexpected_byte"), ("'a'", "json_unexpected_byte"), ("NaN", "json_unexpected_byte"),
        ("Infinity", "json_unexpected_byte"), ("\u{feff}1", "json_unexpected_byte"),
        ("\u{a0}1", "json_unexpected_byte"),
        ("\"\n\"", "json_unexpected_byte"), ("\"\0\"", "json_unexpected_byte"),
        ("1 1", "json_trailing_bytes"), ("{}{}", "json_trailing_bytes"), ("1\0", "json_trailing_bytes"),
        ("1/**/", "json_trailing_bytes"), ("0x10", "json_trailing_bytes"), ("1.5.2", "json_trailing_bytes"),
        (#"{"a":1,"a":2}"#, "json_duplicate_key"), (#"{"a":1,"\u0061":2}"#, "json_duplicate_key"),
        (#"{"b":{"a":1,"a":1}}"#, "json_duplicate_key"),
        (#""\x""#, "json_invalid_escape"), (#""\u12g4""#, "json_invalid_escape"), (#""\U0041""#, "json_invalid_escape"),
        (#""\ud83d""#, "json_invalid_escape"), (#""\ud83dx""#, "json_invalid_escape"),
        (#""\ud83d\n""#, "json_invalid_escape"), (#""\ud83d\u0041""#, "json_invalid_escape"),
        (#""\ude00\ud83d""#, "json_invalid_escape"), (#""\ude00""#, "json_invalid_escape"),
        ("1e999", "json_number_range"), ("-1e309", "json_number_range"),
    ]

    @Test("what is not JSON is refused, and why is said", arguments: invalid)
    func refused(text: String, code: String) {
        let error = #expect(throws: JSONError.self) { try JSON.parse(Array(text.utf8)) }
        #expect(error?.code == code)
    }

    @Test(
        "strings must be UTF-8",
        arguments: [
            [0x80], [0xc0, 0xaf], [0xc1, 0xbf], [0xc3], [0xc3, 0x28], [0xe0, 0x80, 0x80], [0xe0, 0x9f, 0xbf],
            [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xe2, 0x82], [0xf0, 0x8f, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80],
            [0xf5, 0x80, 0x80, 0x80], [0xf0, 0x9f, 0x98], [0xff],
        ] as [[UInt8]])
    func invalidUTF8(sequence: [UInt8]) {
        for bytes in [[0x22] + sequence + [0x22], [0x22, 0x5c, 0x6e] + sequence + [0x22], [0x22] + sequence] {
            let error = #expect(throws: JSONError.self) { try JSON.parse(bytes) }
            #expect(error?.code == "json_invalid_utf8")
        }
    }

    @Test("every scalar value is read, written plainly and as an escape")
    func scalars() throws {
        let scalars = [0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0xfffff, 0x100000, 0x10ffff]
        for scalar in scalars.compactMap(Unicode.Scalar.init) {
            let text = String(Character(scalar))
            #expect(try JSON.parse(Array("\"\(text)\"".utf8)) == .string(text))
            let escapes = text.utf16.map { "\\u" + Hex.encode([UInt8($0 >> 8), UInt8($0 & 0xff)]) }.joined()
            #expect(try JSON.parse(Array("\"\(escapes)\"".utf8)) == .string(text))
        }
    }

    @Test("nesting is allowed to the limit and no deeper")
    func depth() throws {
        let deep = Array(String(repeating: "[", count: 32).utf8) + Array(String(repeating: "]", count: 32).utf8)
        #expect(throws: Never.self) { try JSON.parse(deep) }
        let error = #expect(throws: JSONError.self) { try JSON.parse(deep, maxDepth: 31) }
        #expect(error?.code == "json_too_deep")
        let endless = #expect(throws: JSONError.self) { try JSON.parse([UInt8](repeating: 0x5b, count: 1_000_000)) }
        #expect(endless?.code == "json_too_deep")
        #expect(try JSON.parse(Array("7".utf8), maxDepth: 0) == .integer(7))
    }

    @Test("an error tells where the trouble is, without the text")
    func offsets() {
        let error = #expect(throws: JSONError.self) { try JSON.parse(Array(#"{"secret":x}"#.utf8)) }
        #expect(error?.offset == 10)
        #expect(error.map { "\($0)".contains("secret") } == false)
        let duplicate = #expect(throws: JSONError.self) { try JSON.parse(Array(#"{"a":1, "a":2}"#.utf8)) }
        #expect(duplicate?.offset == 8)
    }

    @Test("part of an array is read in place, and offsets count from its start")
    func slices() throws {
        let bytes = Array("xx[1]yy".utf8)
        #expect(try JSON.parse(bytes[2..<5]) == .array([.integer(1)]))
        let error = #expect(throws: JSONError.self) { try JSON.parse(bytes[2..<6]) }
        #expect(error?.offset == 3)
    }

    @Test("no bytes bring the parser down, and what it reads it can write and read again")
    func fuzz() throws {
        var generator = SeededGenerator(seed: 7)
        let seeds = (Self.valid.map(\.0) + Self.invalid.map(\.0)).map { Array($0.utf8) }
        for _ in 0..<10_000 {
            var bytes = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let other = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
                let position = Int.random(in: 0...bytes.count, using: &generator)
                switch UInt8.random(in: 0..<4, using: &generator) {
                case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
                case 1: bytes.insert(contentsOf: other, at: position)
                case 2: bytes.removeSubrange(position..<min(bytes.count, position + 2))
                default: bytes.append(contentsOf: generator.bytes(upTo: 4))
                }
            }
            guard let value = try? JSON.parse(bytes) else { continue }
            let again = try JSON.parse(value.canonicalBytes())
            #expect(again.canonicalBytes() == value.canonicalBytes())
        }
    }
}
