extension JSON {
    /// The value written in `bytes`, by RFC 8259 and nothing beyond it.
    ///
    /// Refused besides what the grammar forbids: an object that names a member twice, invalid UTF-8, half a
    /// surrogate pair, a number too large for a double, and bytes after the value.
    ///
    /// - Parameter maxDepth: how many arrays and objects may be nested. Parsing recurses that deep.
    public static func parse(_ bytes: [UInt8], maxDepth: Int = 32) throws(JSONError) -> JSON {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            try parse(buffer, maxDepth: maxDepth)
        }
    }

    /// The same for part of an array, such as a frame's header; offsets in errors count from the part's start.
    public static func parse(_ bytes: ArraySlice<UInt8>, maxDepth: Int = 32) throws(JSONError) -> JSON {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            try parse(buffer, maxDepth: maxDepth)
        }
    }

    /// The same for bytes that live elsewhere.
    public static func parse(_ bytes: UnsafeBufferPointer<UInt8>, maxDepth: Int = 32) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes: bytes, maxDepth: maxDepth)
        return try parser.parseDocument()
    }

    /// The value written in `bytes`, which must be the canonical form of RFC 8785, byte for byte.
    ///
    /// As numbers are doubles there, an integer beyond ±2^53 comes back as `number`, and only if its digits are those
    /// that the double has.
    ///
    /// - Throws: `json_not_canonical`, at the first part that would be written otherwise, or what `parse` throws.
    public static func parseCanonical(_ bytes: [UInt8], maxDepth: Int = 32) throws(JSONError) -> JSON {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            try parseCanonical(buffer, maxDepth: maxDepth)
        }
    }

    /// The same for part of an array, such as a frame's header; offsets in errors count from the part's start.
    public static func parseCanonical(_ bytes: ArraySlice<UInt8>, maxDepth: Int = 32) throws(JSONError) -> JSON {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            try parseCanonical(buffer, maxDepth: maxDepth)
        }
    }

    /// The same for bytes that live elsewhere.
    public static func parseCanonical(
        _ bytes: UnsafeBufferPointer<UInt8>, maxDepth: Int = 32
    ) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes: bytes, maxDepth: maxDepth, comparesForm: true)
        let value = try parser.parseDocument()
        if let offset = parser.deviation {
            throw JSONError(
                code: "json_not_canonical", offset: offset, message: "this is not the canonical form of RFC 8785")
        }
        return value
    }
}
