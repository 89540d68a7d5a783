extension JSONParser {
    /// The number whose first character is at `position`.
    mutating func parseNumber() throws(JSONError) -> JSON {
        let start = position
        let negative = bytes[position] == UInt8(ascii: "-")
        if negative { position += 1 }
        guard let magnitude = try parseIntegerPart() else {
            try skipFractionAndExponent()
            return try double(from: start)
        }
        let end = position
        try skipFractionAndExponent()
        guard position == end else { return try double(from: start) }
        guard let integer = Int64(magnitude: magnitude, negative: negative) else { return try double(from: start) }
        if roundsIntegers, magnitude > 1 << 53 { return .number(Double(integer)) }
        return .integer(integer)
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

    private func double(from start: Int) throws(JSONError) -> JSON {
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            throw JSONError(code: "json_number_range", offset: start, message: "the number is too large for a double")
        }
        return .number(value)
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
