import KinEncoding

/// Reads a JSON object whose every member must be known: each is taken once, and `end()` refuses what is left.
package struct Fields {
    package static let maxInteger: Int64 = 1 << 53 - 1

    private var members: [String: JSON]
    private let context: String

    package init(_ json: JSON, in context: String) throws(WireError) {
        guard case .object(let members) = json else { throw .invalid("\(context): an object is expected") }
        self.members = members
        self.context = context
    }

    package func has(_ name: String) -> Bool { members[name] != nil }

    package func end() throws(WireError) {
        if let extra = members.keys.min() { throw refusal(String(extra.prefix(64)), "is not known here") }
    }

    package func refusal(_ name: String, _ expectation: String) -> WireError {
        .invalid("\(context): field \(name) \(expectation)")
    }

    // MARK: Presence

    package mutating func take(_ name: String) throws(WireError) -> JSON {
        guard let value = members.removeValue(forKey: name) else { throw refusal(name, "is missing") }
        return value
    }

    /// A statement's field that may be `null` but not absent.
    package mutating func nullable<T>(
        _ name: String, _ read: (inout Fields, String) throws(WireError) -> T
    ) throws(WireError) -> T? {
        if members[name] == .null {
            members[name] = nil
            return nil
        }
        return try read(&self, name)
    }

    /// A frame header's field that may be absent but not `null`.
    package mutating func optional<T>(
        _ name: String, _ read: (inout Fields, String) throws(WireError) -> T
    ) throws(WireError) -> T? {
        guard has(name) else { return nil }
        return try read(&self, name)
    }

    // MARK: Values

    package mutating func string(_ name: String, maxBytes: Int) throws(WireError) -> String {
        guard case .string(let text) = try take(name), text.utf8.count <= maxBytes else {
            throw refusal(name, "must be a string of at most \(maxBytes) bytes")
        }
        return text
    }

    package mutating func bool(_ name: String) throws(WireError) -> Bool {
        guard case .bool(let value) = try take(name) else { throw refusal(name, "must be true or false") }
        return value
    }

    package mutating func integer(_ name: String, from lowest: Int64 = 0, to highest: Int64 = maxInteger)
        throws(WireError)
        -> Int64
    {
        guard case .integer(let value) = try take(name), value >= lowest, value <= highest else {
            throw refusal(name, "must be an integer from \(lowest) to \(highest)")
        }
        return value
    }

    package mutating func time(_ name: String) throws(WireError) -> Int64 { try integer(name) }

    package mutating func version(_ name: String = "v", _ expected: Int64 = 1) throws(WireError) {
        _ = try integer(name, from: expected, to: expected)
    }

    package mutating func hex(_ name: String, bytes count: Int) throws(WireError) -> [UInt8] {
        let text = try string(name, maxBytes: 2 * count)
        guard let bytes = try? Hex.decode(text), bytes.count == count else {
            throw refusal(name, "must be \(2 * count) lower-case hex digits")
        }
        return bytes
    }

    package mutating func parsed<T>(
        _ name: String, maxBytes: Int = 128, as expectation: String, _ parse: (String) -> T?
    ) throws(WireError) -> T {
        guard case .string(let text) = try take(name), text.utf8.count <= maxBytes, let value = parse(text) else {
            throw refusal(name, "must be \(expectation)")
        }
        return value
    }

    package mutating func array(_ name: String, atMost limit: Int, atLeast least: Int = 0) throws(WireError) -> [JSON] {
        guard case .array(let items) = try take(name), items.count <= limit, items.count >= least else {
            throw refusal(name, "must be an array of \(least) to \(limit) entries")
        }
        return items
    }

    /// An array of distinct strings, each accepted by `parse`.
    package mutating func list<T: Hashable>(
        _ name: String, atMost limit: Int, as expectation: String, _ parse: (String) -> T?
    ) throws(WireError) -> [T] {
        var values: [T] = []
        var seen: Set<T> = []
        for item in try array(name, atMost: limit) {
            guard case .string(let text) = item, text.utf8.count <= 256, let value = parse(text),
                seen.insert(value).inserted
            else { throw refusal(name, "must hold distinct entries, each \(expectation)") }
            values.append(value)
        }
        return values
    }
}

extension Fields {
    package mutating func ulid(_ name: String) throws(WireError) -> ULID {
        try parsed(name, maxBytes: 26, as: "a ULID") { ULID($0) }
    }

    package mutating func mesh(_ name: String = "mesh") throws(WireError) -> MeshID {
        try parsed(name, as: "<slug>@<wallet address>") { MeshID($0) }
    }

    package mutating func machineID(_ name: String = "machine_id") throws(WireError) -> MachineID {
        try parsed(name, as: "16 lower-case hex digits") { MachineID($0) }
    }

    package mutating func clientMessageID(_ name: String = "client_message_id") throws(WireError) -> ClientMessageID {
        try parsed(name, as: "1 to 64 of A-Z a-z 0-9 . _ : -") { ClientMessageID($0) }
    }

    package mutating func priority(_ name: String = "priority") throws(WireError) -> Priority {
        try parsed(name, as: "now, next or low") { Priority(rawValue: $0) }
    }

    package mutating func role(_ name: String) throws(WireError) -> Role {
        try parsed(name, as: "owner, member, machine or guest") { Role($0) }
    }

    package mutating func scopes(_ name: String = "scopes") throws(WireError) -> [Scope] {
        try list(name, atMost: 32, as: "a known scope") { Scope($0) }
    }

    package mutating func capabilities(_ name: String = "capabilities") throws(WireError) -> [String] {
        try list(name, atMost: 32, as: "1 to 64 of a-z 0-9 _") { isFeatureName($0) ? $0 : nil }
    }

    package mutating func hashes(_ name: String, atMost limit: Int) throws(WireError) -> [[UInt8]] {
        try list(name, atMost: limit, as: "64 lower-case hex digits") { text in
            (try? Hex.decode(text)).flatMap { $0.count == 32 ? $0 : nil }
        }
    }
}

/// Capability and feature names: `[a-z0-9_]{1,64}`.
func isFeatureName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
        && text.utf8.allSatisfy { isLowercaseOrDigit($0) || $0 == UInt8(ascii: "_") }
}

func isLowercaseOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}
