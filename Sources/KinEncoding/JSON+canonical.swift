extension JSON {
    /// The value in the form of RFC 8785: no white space, members sorted by the UTF-16 code units of their names,
    /// numbers as ECMAScript writes them, only the escapes that must be.
    ///
    /// An `integer` is written exactly. One beyond ±2^53 is therefore valid JSON but not canonical, since RFC 8785
    /// would round it to a double, and `parseCanonical` refuses it. A `number` that is not finite, which no parser
    /// makes, is written as `null`, as ECMAScript does.
    public func canonicalBytes() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(512)
        appendCanonical(to: &output)
        return output
    }

    private func appendCanonical(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): output.append(contentsOf: String(value).utf8)
        case .number(let value): output.append(contentsOf: value.ecmaScriptDescription.utf8)
        case .string(let text): Self.appendEscaped(text, to: &output)
        case .array(let elements): Self.appendCanonical(elements, to: &output)
        case .object(let members): Self.appendCanonical(members, to: &output)
        }
    }

    private static func appendCanonical(_ elements: [JSON], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            element.appendCanonical(to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private static func appendCanonical(_ members: [String: JSON], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        let sorted = members.sorted { canonicalOrder($0.key, $1.key) }
        for (index, member) in sorted.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            appendEscaped(member.key, to: &output)
            output.append(UInt8(ascii: ":"))
            member.value.appendCanonical(to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    /// Whether RFC 8785 puts `left` before `right`: by UTF-16 code units, found from the UTF-8.
    static func canonicalOrder(_ left: String, _ right: String) -> Bool {
        var (left, right) = (left, right)
        return left.withUTF8 { left in
            right.withUTF8 { right in
                for (first, second) in zip(left, right) where first != second {
                    return utf16Rank(first) < utf16Rank(second)
                }
                return left.count < right.count
            }
        }
    }

    /// The order of UTF-8 is that of UTF-16 but for U+E000 to U+FFFF, which UTF-16 puts after all surrogates.
    private static func utf16Rank(_ byte: UInt8) -> UInt8 {
        byte == 0xee || byte == 0xef ? byte | 0x10 : byte
    }

    /// Appends `text` as a JSON string, quotes included, with the escapes of RFC 8785, section 3.2.2.2.
    public static func appendEscaped(_ text: String, to output: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes in
            // A long text is copied once: what follows it should not make the output move.
            if bytes.count > output.count { output.reserveCapacity(output.count + bytes.count + 512) }
            output.append(UInt8(ascii: "\""))
            var (start, index) = (0, 0)
            while true {
                index = TextWord.end(of: bytes, from: index) { TextWord.isUnescaped($0) }
                guard index < bytes.count else { break }
                let byte = bytes[index]
                if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    output.append(contentsOf: bytes[start..<index])
                    appendEscape(of: byte, to: &output)
                    start = index + 1
                }
                index += 1
            }
            output.append(contentsOf: bytes[start...])
            output.append(UInt8(ascii: "\""))
        }
    }

    private static func appendEscape(of byte: UInt8, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: output.append(UInt8(ascii: "b"))
        case 0x09: output.append(UInt8(ascii: "t"))
        case 0x0a: output.append(UInt8(ascii: "n"))
        case 0x0c: output.append(UInt8(ascii: "f"))
        case 0x0d: output.append(UInt8(ascii: "r"))
        case 0..<0x20:
            output.append(contentsOf: "u00".utf8)
            output.append(contentsOf: Hex.encode(CollectionOfOne(byte)).utf8)
        default: output.append(byte)
        }
    }
}
