extension JSONParser {
    /// The string whose opening quote is at `position`.
    mutating func parseString() throws(JSONError) -> String {
        position += 1
        let start = position
        try skipPlainText()
        if try peek() == UInt8(ascii: "\"") {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        return try parseEscapedString(from: start)
    }

    /// The rest of a string whose text from `start` to `position` needs no unescaping.
    private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(bytes[start..<position])
        while try peek() == UInt8(ascii: "\\") {
            let (escape, unescaped) = (position, text.count)
            position += 1
            try parseEscape(into: &text)
            if comparesForm { compareEscape(from: escape, for: text[unescaped...]) }
            let plain = position
            try skipPlainText()
            text.append(contentsOf: bytes[plain..<position])
        }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }

    /// Moves on to the next quote or backslash, over valid UTF-8 without control characters.
    private mutating func skipPlainText() throws(JSONError) {
        while position < bytes.count {
            position = TextWord.end(of: bytes, from: position) { TextWord.isPlainASCII($0) }
            guard position < bytes.count else { break }
            switch bytes[position] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                return
            case 0..<0x20:
                throw unexpected("a string may hold control characters only as escapes")
            case 0x20..<0x80:
                position += 1
            case let lead:
                position += try multibyteLength(lead: lead)
            }
        }
        throw unexpected("")
    }

    /// The length of the well-formed sequence at `position` (Unicode, table 3-7).
    private func multibyteLength(lead: UInt8) throws(JSONError) -> Int {
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xc2...0xdf: (2, 0x80...0xbf)
            case 0xe0: (3, 0xa0...0xbf)
            case 0xed: (3, 0x80...0x9f)
            case 0xe1...0xef: (3, 0x80...0xbf)
            case 0xf0: (4, 0x90...0xbf)
            case 0xf1...0xf3: (4, 0x80...0xbf)
            case 0xf4: (4, 0x80...0x8f)
            default: throw error("json_invalid_utf8", "a string must be UTF-8")
            }
        guard length <= bytes.count - position, second.contains(bytes[position + 1]),
            bytes[position + 2..<position + length].allSatisfy({ 0x80...0xbf ~= $0 })
        else {
            throw error("json_invalid_utf8", "a string must be UTF-8")
        }
        return length
    }

    /// Appends what the escape after a backslash stands for.
    private mutating func parseEscape(into text: inout [UInt8]) throws(JSONError) {
        let kind = try peek()
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            text.append(contentsOf: UTF8.encode(try parseUnicodeEscape()) ?? UTF8.encodedReplacementCharacter)
        default:
            position -= 1
            throw error("json_invalid_escape", "a backslash may be followed only by one of \"\\/bfnrtu")
        }
    }

    /// Notes an escape that the canonical form has not, or has in other characters.
    private mutating func compareEscape(from start: Int, for unescaped: ArraySlice<UInt8>) {
        var canonical: [UInt8] = []
        JSON.appendEscaped(String(decoding: unescaped, as: UTF8.self), to: &canonical)
        let withoutQuotes = canonical.dropFirst().dropLast()
        if !withoutQuotes.elementsEqual(bytes[start..<position]) { noteDeviation(at: start) }
    }

    /// The scalar of one `\u` escape, or of two that form a surrogate pair.
    private mutating func parseUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try parseCodeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), try peek() == UInt8(ascii: "\\") else { throw loneSurrogate }
        position += 1
        guard try peek() == UInt8(ascii: "u") else { throw loneSurrogate }
        position += 1
        let second = try parseCodeUnit()
        guard UTF16.isTrailSurrogate(second) else { throw loneSurrogate }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private var loneSurrogate: JSONError {
        error("json_invalid_escape", "half a surrogate pair stands alone")
    }

    private mutating func parseCodeUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            let digit = try peek()
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
            default: throw error("json_invalid_escape", "\\u must be followed by four hex digits")
            }
            unit = unit << 4 | UInt16(value)
            position += 1
        }
        return unit
    }
}
