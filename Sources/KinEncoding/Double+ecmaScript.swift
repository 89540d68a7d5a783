extension Double {
    /// The number as ECMAScript's `Number::toString` writes it (ECMA-262, 6.1.6.1.20), which RFC 8785 prescribes.
    ///
    /// Swift and ECMAScript choose the same digits, the fewest that read back as the same double and of those the
    /// nearest; only the layout differs.
    var ecmaScriptDescription: String {
        guard isFinite else { return "null" }
        guard self != 0 else { return "0" }
        let (digits, pointPosition) = magnitude.shortestDigits
        let sign = self < 0 ? "-" : ""
        return sign + Self.layOut(digits, pointPosition: pointPosition)
    }

    /// The significant digits, and how many of them stand before the decimal point (negative: zeros after it).
    private var shortestDigits: (digits: Substring, pointPosition: Int) {
        let parts = description.split(separator: "e")
        let exponent = parts.count == 2 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let all = mantissa.joined()
        let significant = all.drop { $0 == "0" }
        let leadingZeros = all.count - significant.count
        let trimmed = significant.reversed().drop { $0 == "0" }.reversed()
        return (Substring(trimmed), mantissa[0].count + exponent - leadingZeros)
    }

    private static func layOut(_ digits: Substring, pointPosition: Int) -> String {
        let count = digits.count
        switch pointPosition {
        case count...21 where count <= 21:
            return digits + String(repeating: "0", count: pointPosition - count)
        case 1...21:
            return digits.prefix(pointPosition) + "." + digits.dropFirst(pointPosition)
        case -5...0:
            return "0." + String(repeating: "0", count: -pointPosition) + digits
        default:
            let exponent = pointPosition - 1
            let mantissa = count == 1 ? String(digits) : digits.prefix(1) + "." + digits.dropFirst()
            return mantissa + (exponent < 0 ? "e-" : "e+") + String(exponent.magnitude)
        }
    }
}
