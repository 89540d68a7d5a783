extension JSONParser {
    /// The number whose first character is at `position`.
    mutating func parseNumber() throws(JSONError) -> JSON {
        let start = position
        let negative = bytes[position] == UInt8(ascii: "-")
        if negative { position += 1 }
        let magnitude = try parseIntegerPart()
        let end = position
        try skipFractionAndExponent()
        guard position == end, let magnitude, let integer = Int64(magnitude: magnitude, negative: negative) else {
            return .number(try parseDouble(from: start))
        }
        guard comparesForm, magnitude > 1 << 53 || (magnitude == 0 && negative) else { return .integer(integer) }
        let rounded = try parseDouble(from: start)
        return rounded == 0 ? .integer(0) : .number(rounded)
    }

    /// Steps over the digits before a point or exponent; their value, or nil where it passes 64 bits.
    private mutating func parseIntegerPart() throws(JSONError) -> UInt64? {
        let start = position
        var value: UInt64 = 0
        var overflown = false
        while let digit = nextDigit() {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(UInt64(digit))
            value = sum
            overflown = overflown || overflow || carry
        }
        guard position > start else { throw unexpected("a number needs a digit here") }
        guard bytes[start] != UInt8(ascii: "0") || position == start + 1 else {
            position = start
            throw error("json_unexpected_byte", "a number may not begin with a needless zero")
        }
        return overflown ? nil : value
    }

    private mutating func skipFractionAndExponent() throws(JSONError) {
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try skipDigits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(JSONError) {
        guard nextDigit() != nil else { throw unexpected("a number needs a digit here") }
        while nextDigit() != nil {}
    }

    private mutating func nextDigit() -> UInt8? {
        guard position < bytes.count, case UInt8(ascii: "0")...UInt8(ascii: "9") = bytes[position] else { return nil }
        defer { position += 1 }
        return bytes[position] - UInt8(ascii: "0")
    }

    /// The number from `start` to `position` as a double, compared with how RFC 8785 would write it.
    private mutating func parseDouble(from start: Int) throws(JSONError) -> Double {
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw JSONError(code: "json_number_range", offset: start, message: "the number is too large for a double")
        }
        if comparesForm, text != value.ecmaScriptDescription { noteDeviation(at: start) }
        return value
    }
}

extension Int64 {
    fileprivate init?(magnitude: UInt64, negative: Bool) {
        if negative {
            guard magnitude <= Int64.min.magnitude else { return nil }
            self = Int64(truncatingIfNeeded: 0 &- magnitude)
        } else {
            self.init(exactly: magnitude)
        }
    }
}
