import KinEncoding

/// Reads a JSON object some of whose members are secret: those are taken out of the bytes before the parser sees them,
/// and never become a `String`. Everything else goes through `Fields`.
struct SecretFields<Secret: WireSecret> {
    /// The members that are no secrets, and each secret one as an empty string.
    var open: Fields
    private var lifted: [String: Secret]

    /// - Parameters:
    ///   - secret: the names of the members whose values are secret strings.
    ///   - maxBytes: more are refused unread.
    init(
        _ bytes: UnsafeRawBufferPointer, secret names: Set<String>, in context: String, maxBytes: Int
    ) throws(WireError) {
        guard bytes.count <= maxBytes else { throw .invalid("\(context): at most \(maxBytes) bytes are expected") }
        var lift = SecretLift<Secret>(bytes: bytes, names: names)
        try lift.run()
        let json: JSON
        do { json = try JSON.parse(lift.rest).withWholeNumbers } catch {
            throw .invalid("\(context): \(error.message)")
        }
        open = try Fields(json, in: context)
        lifted = lift.lifted
    }

    /// A secret text.
    mutating func text(_ name: String, maxBytes: Int) throws(WireError) -> Secret {
        _ = try open.string(name, maxBytes: 0)
        guard let value = lifted.removeValue(forKey: name), value.count <= maxBytes else {
            throw open.refusal(name, "must be a string of at most \(maxBytes) bytes, its name written plainly")
        }
        return value
    }

    mutating func optionalText(_ name: String, maxBytes: Int) throws(WireError) -> Secret? {
        open.has(name) ? try text(name, maxBytes: maxBytes) : nil
    }

    /// Secret bytes, in base64.
    mutating func base64(_ name: String, maxBytes: Int) throws(WireError) -> Secret {
        let text = try text(name, maxBytes: Base64.encodedCount(maxBytes))
        let refusal = open.refusal(name, "must be base64 of at most \(maxBytes) bytes")
        return try text.withBytes { (text) throws(WireError) in
            do {
                let count = try Base64.decodedCount(text)
                guard count <= maxBytes else { throw refusal }
                return try Secret(count: count) { (bytes) throws(EncodingError) in
                    try Base64.decode(text, into: bytes)
                }
            } catch {
                throw refusal
            }
        }
    }
}

/// Goes over an object once, copies it, and takes out the values of the named members.
private struct SecretLift<Secret: WireSecret> {
    let bytes: UnsafeRawBufferPointer
    let names: Set<String>
    var rest: [UInt8] = []
    var lifted: [String: Secret] = [:]
    private var position = 0

    init(bytes: UnsafeRawBufferPointer, names: Set<String>) {
        self.bytes = bytes
        self.names = names
        rest.reserveCapacity(bytes.count)
    }

    mutating func run() throws(WireError) {
        var depth = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let text = try string()
                append(text.lowerBound - 1..<text.upperBound + 1)
                if depth == 1, let name = name(text) { try lift(name) }
                continue
            }
            if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") { depth += 1 }
            if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { depth -= 1 }
            rest.append(byte)
            position += 1
        }
    }

    /// Past the colon of a secret member, and its value where that is a string.
    private mutating func lift(_ name: String) throws(WireError) {
        copySpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { return }
        rest.append(bytes[position])
        position += 1
        copySpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return }
        let text = try string()
        rest.append(contentsOf: "\"\"".utf8)
        lifted[name] = try UnescapedText(UnsafeRawBufferPointer(rebasing: bytes[text])).secret(of: name)
    }

    private func name(_ text: Range<Int>) -> String? {
        names.first { $0.utf8.count == text.count && $0.utf8.elementsEqual(bytes[text]) }
    }

    /// The range between the quotes of the string at `position`, which moves behind it.
    private mutating func string() throws(WireError) -> Range<Int> {
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < bytes.count else { throw .invalid("the bytes end inside a string") }
        position = end + 1
        return start..<end
    }

    private mutating func append(_ range: Range<Int>) { rest.append(contentsOf: bytes[range]) }

    private mutating func copySpace() {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) {
            rest.append(bytes[position])
            position += 1
        }
    }
}
