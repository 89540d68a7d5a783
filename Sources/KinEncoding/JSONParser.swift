/// A recursive-descent parser over bytes that somebody else keeps alive.
///
/// Every read of `bytes` stands behind a comparison of `position` with `bytes.count`: release builds do not check the
/// subscript.
struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let maxDepth: Int
    /// Whether to compare the input with the canonical form of RFC 8785 on the way, and to take integers beyond ±2^53
    /// as the doubles which that form knows.
    let comparesForm: Bool
    /// Where the input first differs from its canonical form, as far as that was compared.
    private(set) var deviation: Int?
    var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>, maxDepth: Int, comparesForm: Bool = false) {
        self.bytes = bytes
        self.maxDepth = maxDepth
        self.comparesForm = comparesForm
    }

    mutating func noteDeviation(at offset: Int) {
        if deviation == nil { deviation = offset }
    }

    mutating func parseDocument() throws(JSONError) -> JSON {
        let value = try parseValue(depth: 0)
        skipWhitespace()
        guard position == bytes.count else {
            throw error("json_trailing_bytes", "something follows the value")
        }
        return value
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSON {
        skipWhitespace()
        switch try peek() {
        case UInt8(ascii: "{"): return try parseObject(depth: depth + 1)
        case UInt8(ascii: "["): return try parseArray(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        case UInt8(ascii: "t"): return try parseLiteral("true", as: .bool(true))
        case UInt8(ascii: "f"): return try parseLiteral("false", as: .bool(false))
        case UInt8(ascii: "n"): return try parseLiteral("null", as: .null)
        default: throw unexpected("a value must start here")
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONError) -> JSON {
        try enter(depth)
        var members: [String: JSON] = [:]
        var previous: String?
        if skip(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipWhitespace()
            let start = position
            guard try peek() == UInt8(ascii: "\"") else { throw unexpected("a member's name must start here") }
            let name = try parseString()
            if comparesForm {
                if let previous, !JSON.canonicalOrder(previous, name) { noteDeviation(at: start) }
                previous = name
            }
            guard skip(UInt8(ascii: ":")) else { throw unexpected("a colon must follow a member's name") }
            guard members.updateValue(try parseValue(depth: depth), forKey: name) == nil else {
                throw JSONError(
                    code: "json_duplicate_key", offset: start, message: "the object names this member twice")
            }
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "}")) else { throw unexpected("a comma or a closing brace must follow a member") }
        return .object(members)
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> JSON {
        try enter(depth)
        var elements: [JSON] = []
        if skip(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            elements.append(try parseValue(depth: depth))
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "]")) else { throw unexpected("a comma or a closing bracket must follow an element") }
        return .array(elements)
    }

    /// Steps over the opening bracket or brace.
    private mutating func enter(_ depth: Int) throws(JSONError) {
        guard depth <= maxDepth else {
            throw error("json_too_deep", "more than \(maxDepth) arrays and objects are nested")
        }
        position += 1
    }

    private mutating func parseLiteral(_ literal: StaticString, as value: JSON) throws(JSONError) -> JSON {
        for offset in 0..<literal.utf8CodeUnitCount {
            guard try peek() == literal.utf8Start[offset] else {
                throw unexpected("the only words are true, false and null")
            }
            position += 1
        }
        return value
    }
}

// MARK: - Reading

extension JSONParser {
    /// The byte at `position`, which stays.
    func peek() throws(JSONError) -> UInt8 {
        guard position < bytes.count else { throw error("json_unexpected_end", "the bytes end inside a value") }
        return bytes[position]
    }

    /// Steps over `byte`, and white space before it, if it comes next.
    mutating func skip(_ byte: UInt8) -> Bool {
        skipWhitespace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                noteDeviation(at: position)
                position += 1
            default: return
            }
        }
    }

    func error(_ code: String, _ message: String) -> JSONError {
        JSONError(code: code, offset: position, message: message)
    }

    /// The error for what stands at `position`, be it a wrong byte or the end.
    func unexpected(_ message: String) -> JSONError {
        position < bytes.count
            ? error("json_unexpected_byte", message)
            : error("json_unexpected_end", "the bytes end inside a value")
    }
}
