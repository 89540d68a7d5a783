/// What a JSON string stands for (RFC 8259, section 7), read without ever being a `String`.
struct UnescapedText {
    private let raw: UnsafeRawBufferPointer

    /// - Parameter raw: what stands between the quotes.
    init(_ raw: UnsafeRawBufferPointer) { self.raw = raw }

    func secret<Secret: WireSecret>(of name: String) throws(WireError) -> Secret {
        guard let count = decode(into: nil) else {
            throw .invalid("field \(name) must be a JSON string in UTF-8")
        }
        return Secret(count: count) { _ = decode(into: $0) }
    }

    /// Writes the text, and gives its length; nil where this is no JSON string.
    private func decode(into output: UnsafeMutableRawBufferPointer?) -> Int? {
        var count = 0
        var source = raw.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        func append(_ scalar: Unicode.Scalar) {
            for byte in UTF8.encode(scalar).unsafelyUnwrapped {
                output?[count] = byte
                count += 1
            }
        }
        while true {
            switch parser.parseScalar(from: &source) {
            case .emptyInput: return count
            case .error: return nil
            case .valid(let encoded):
                let scalar = UTF8.decode(encoded)
                guard scalar.value >= 0x20, scalar != "\"" else { return nil }
                guard scalar == "\\" else {
                    append(scalar)
                    continue
                }
                guard let meant = Self.escape(&parser, &source) else { return nil }
                append(meant)
            }
        }
    }

    private static func escape(
        _ parser: inout Unicode.UTF8.ForwardParser, _ source: inout UnsafeRawBufferPointer.Iterator
    ) -> Unicode.Scalar? {
        switch ascii(&parser, &source) {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "b": return "\u{8}"
        case "f": return "\u{c}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u": break
        default: return nil
        }
        guard let first = unit(&parser, &source) else { return nil }
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), ascii(&parser, &source) == "\\", ascii(&parser, &source) == "u",
            let second = unit(&parser, &source), UTF16.isTrailSurrogate(second)
        else { return nil }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private static func ascii(
        _ parser: inout Unicode.UTF8.ForwardParser, _ source: inout UnsafeRawBufferPointer.Iterator
    ) -> Unicode.Scalar? {
        guard case .valid(let encoded) = parser.parseScalar(from: &source) else { return nil }
        let scalar = UTF8.decode(encoded)
        return scalar.isASCII ? scalar : nil
    }

    /// Four hex digits.
    private static func unit(
        _ parser: inout Unicode.UTF8.ForwardParser, _ source: inout UnsafeRawBufferPointer.Iterator
    ) -> UInt16? {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = ascii(&parser, &source).flatMap({ Character($0).hexDigitValue }) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
