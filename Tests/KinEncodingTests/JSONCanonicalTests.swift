import KinEncoding
import KinTesting
import Testing

@Suite struct JSONCanonicalTests {
    @Test("the published pairs of RFC 8785", arguments: ["arrays", "french", "structures", "values"])
    func published(name: String) throws {
        let input = try Vectors.bytes("published/jcs/input/\(name).json")
        let output = try Vectors.bytes("published/jcs/output/\(name).json")
        let value = try JSON.parse(input)
        #expect(value.canonicalBytes() == output)
        #expect(try JSON.parseCanonical(output).canonicalBytes() == output)
        let error = #expect(throws: JSONError.self) { try JSON.parseCanonical(input) }
        #expect(error?.code == "json_not_canonical")
    }

    /// RFC 8785, appendix B: the bits of a double and how it is written.
    static let numbers: [(UInt64, String)] = [
        (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"), (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"), (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"), (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ]

    @Test("numbers are written as ECMAScript writes them", arguments: numbers)
    func ecmaScript(bits: UInt64, text: String) throws {
        #expect(JSON.number(Double(bitPattern: bits)).canonicalBytes() == Array(text.utf8))
        #expect(try JSON.parseCanonical(Array(text.utf8)).canonicalBytes() == Array(text.utf8))
    }

    @Test("a double is read back from its text bit for bit")
    func doubles() throws {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<6_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            switch try JSON.parse(JSON.number(value).canonicalBytes()) {
            case .number(let read): #expect(read == value)
            case .integer(let read): #expect(Double(read) == value)
            default: Issue.record("a number became something else")
            }
        }
    }

    @Test("members are sorted by UTF-16 code units, not by scalars")
    func order() throws {
        let text = #"{"":0,"\r":0,"1":0,"a":0,"aa":0,"\#u{80}":0,"ö":0,"€":0,"😀":0,"\#u{fb33}":0}"#
        let value = try JSON.parse(Array(text.utf8))
        #expect(String(decoding: value.canonicalBytes(), as: UTF8.self) == text)
    }

    @Test("only what must be escaped is, in its shortest form")
    func escapes() {
        let text = String(String.UnicodeScalarView((0...0x22).compactMap(Unicode.Scalar.init))) + "\\/\u{7f}\u{2028}é😀"
        let expected =
            #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
            + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"#
            + " !\\\"\\\\/\u{7f}\u{2028}é😀\""
        #expect(String(decoding: JSON.string(text).canonicalBytes(), as: UTF8.self) == expected)
    }

    @Test("whatever stands where in a long string, alone or beside another, is written as it must be and read again")
    func places() throws {
        let interesting: [UInt8] = Array(0..<0x24) + [0x5b, 0x5c, 0x5d, 0x7e, 0x7f]
        func expect(_ bytes: [UInt8]) throws {
            let text = String(decoding: bytes, as: UTF8.self)
            let written = JSON.string(text).canonicalBytes()
            let escaped = bytes.flatMap { byte -> [UInt8] in
                switch byte {
                case 0x08: Array(#"\b"#.utf8)
                case 0x09: Array(#"\t"#.utf8)
                case 0x0a: Array(#"\n"#.utf8)
                case 0x0c: Array(#"\f"#.utf8)
                case 0x0d: Array(#"\r"#.utf8)
                case 0..<0x20: Array(#"\u00"#.utf8) + Array(Hex.encode([byte]).utf8)
                case 0x22, 0x5c: [0x5c, byte]
                default: [byte]
                }
            }
            #expect(written == [0x22] + escaped + [0x22])
            #expect(try JSON.parseCanonical(written) == .string(text))
        }
        for place in 0..<19 {
            for byte in UInt8(0)..<0x80 {
                var bytes = [UInt8](repeating: 0x61, count: 20)
                bytes[place] = byte
                try expect(bytes)
            }
        }
        for first in interesting {
            for second in interesting {
                for filler: UInt8 in [0x20, 0x61, 0x7f] {
                    try expect([filler, filler, first, second, filler, second, first, filler, first])
                }
            }
        }
    }

    @Test("control characters are refused wherever they stand in a long string")
    func controlPlaces() {
        for place in 0..<19 {
            for byte in UInt8(0)..<0x20 {
                var bytes = [UInt8](repeating: 0x61, count: 20)
                bytes[place] = byte
                #expect(throws: JSONError.self) { try JSON.parse([0x22] + bytes + [0x22]) }
            }
            var bytes = [UInt8](repeating: 0x61, count: 20)
            bytes[place] = 0x80
            #expect(throws: JSONError.self) { try JSON.parse([0x22] + bytes + [0x22]) }
        }
    }

    @Test("an escaped string is appended with its quotes")
    func appending() {
        var output = Array("x:".utf8)
        JSON.appendEscaped("a\"b", to: &output)
        #expect(String(decoding: output, as: UTF8.self) == #"x:"a\"b""#)
    }

    @Test(
        "valid JSON in any other form is refused",
        arguments: [
            " 1", "1 ", "[1, 2]", "-0", "1.0", "1e2", "1E400".replacing("400", with: "30"), "0.10", "1e+2",
            #"{"b":1,"a":2}"#, #""\/""#, #""\u0041""#, #""\u000A""#, #""\u001F""#, #""\u0008""#, #""é\u00e9""#,
            "9007199254740993", "9223372036854775807", "-9007199254740993",
        ])
    func otherForms(text: String) throws {
        #expect(throws: Never.self) { try JSON.parse(Array(text.utf8)) }
        let error = #expect(throws: JSONError.self) { try JSON.parseCanonical(Array(text.utf8)) }
        #expect(error?.code == "json_not_canonical")
    }

    @Test("an integer beyond 2^53 is written exactly; as canonical text only a double's digits are read")
    func wideIntegers() throws {
        #expect(JSON.integer(.max).canonicalBytes() == Array("9223372036854775807".utf8))
        #expect(try JSON.parseCanonical(Array("9007199254740992".utf8)) == .integer(1 << 53))
        #expect(try JSON.parseCanonical(Array("9007199254740994".utf8)) == .number(9_007_199_254_740_994))
        #expect(try JSON.parseCanonical(Array("1152921504606847000".utf8)) == .number(0x1p60))
        #expect(throws: JSONError.self) { try JSON.parseCanonical(Array("1152921504606846976".utf8)) }
    }

    @Test(
        "the refusal points at the first part that differs",
        arguments: [(#"{"a":1, "b":2 }"#, 7), (#"{"b":1,"a":2}"#, 7), (#"["","x\/"]"#, 6), ("[1,1.0]", 3)])
    func offset(text: String, offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSON.parseCanonical(Array(text.utf8)) }
        #expect(error?.offset == offset)
    }

    @Test("strict reading accepts exactly what would be written")
    func agreement() {
        var generator = SeededGenerator(seed: 10)
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\":1", "\"\\n\"", "\"\\u000a\"", "\"\\u001f\"",
            "\"\\u00e9\"",
            "\"\\ud83d\\ude00\"", "\"😀\":2", "\"\u{fb33}\":3", "-0", "0", "1.5", "1.50", "1e21", "1e+21",
            "9007199254740993",
            "9007199254740994", " ", "\n", "true", "null",
        ].map { Array($0.utf8) }
        var accepted = 0
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...7, using: &generator)).flatMap { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &generator)]
            }
            let strict = try? JSON.parseCanonical(bytes)
            if let strict {
                accepted += 1
                #expect(strict.canonicalBytes() == bytes)
            } else if let value = try? JSON.parse(bytes), !value.holdsWideInteger {
                #expect(value.canonicalBytes() != bytes)
            }
        }
        #expect(accepted > 300)
    }

    @Test("any value survives writing and strict reading")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<2_000 {
            let value = JSON.random(depth: 4, using: &generator)
            #expect(try JSON.parseCanonical(value.canonicalBytes()) == value)
        }
    }
}

extension JSON {
    fileprivate var holdsWideInteger: Bool {
        switch self {
        case .integer(let value): value.magnitude > 1 << 53
        case .array(let elements): elements.contains(where: \.holdsWideInteger)
        case .object(let members): members.values.contains(where: \.holdsWideInteger)
        default: false
        }
    }

    fileprivate static func random(depth: Int, using generator: inout SeededGenerator) -> JSON {
        switch UInt8.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(.random(in: -(1 << 53)...1 << 53, using: &generator))
        case 3: return .number(.random(in: 0..<1, using: &generator))
        case 4: return .string(text(using: &generator))
        case 5: return .array((0..<3).map { _ in random(depth: depth - 1, using: &generator) })
        default:
            let members = (0..<3).map { _ in (text(using: &generator), random(depth: depth - 1, using: &generator)) }
            return .object(Dictionary(members, uniquingKeysWith: { first, _ in first }))
        }
    }

    private static func text(using generator: inout SeededGenerator) -> String {
        let scalars = (0..<Int.random(in: 0...6, using: &generator)).compactMap { _ in
            Unicode.Scalar(
                UInt32.random(in: 0..<(Bool.random(using: &generator) ? 0x80 : 0x11_0000), using: &generator))
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
