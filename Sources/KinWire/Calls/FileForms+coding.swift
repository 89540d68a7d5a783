public import KinEncoding

// docs/protocol/remote-files.md. What one version does not know of an answer it passes over; what it does not know of an input it refuses.

extension FileFacts {
    private var members: [String: JSON] {
        [
            "kind": .string(kind.rawValue), "size": .integer(size), "mode": .string(FileMode.text(mode)),
            "modified_at": .integer(modifiedAt), "identity": .string(identity), "version": .string(version),
        ]
    }

    public var json: JSON { .object(members) }

    /// With what else an answer says of the file.
    package func json(adding more: [String: JSON]) -> JSON { .object(members.merging(more) { _, new in new }) }

    public init(_ json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "file")
        try self.init(&fields)
    }

    package init(_ fields: inout Fields) throws(WireError) {
        self.init(
            kind: try fields.parsed("kind", as: "file, folder, link or special") { Kind(rawValue: $0) },
            size: try fields.integer("size", to: .max), mode: try FileMode.read(&fields, "mode"),
            modifiedAt: try fields.integer("modified_at", from: .min, to: .max),
            identity: try fields.string("identity", maxBytes: 64), version: try fields.string("version", maxBytes: 64))
    }
}

extension FolderPage {
    public var json: JSON {
        .object(
            [
                "entries": .array(entries.map { $0.facts.json(adding: ["name": .string($0.name)]) }),
                "unnameable": .integer(Int64(unnameable)),
            ].adding("next", next) { .string($0) })
    }

    public init(_ json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "folder")
        var entries: [FolderEntry] = []
        for entry in try fields.array("entries", atMost: 1000) {
            var fields = try Fields(entry, in: "entry")
            let name = try fields.parsed("name", maxBytes: 1024, as: "one component of a path") {
                FolderEntry.isName($0) ? $0 : nil
            }
            entries.append(FolderEntry(name: name, facts: try FileFacts(&fields)))
        }
        self.init(
            entries: entries,
            next: try fields.optional("next") { fields, name throws(WireError) in
                try fields.string(name, maxBytes: 1024)
            },
            unnameable: Int(clamping: try fields.integer("unnameable")))
    }
}

extension FolderEntry {
    /// Whoever joins it to a path must stay in the folder: no `/`, by bytes, and neither `.` nor `..`.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != 0 } && text != "." && text != ".."
    }
}

extension FilePiece {
    public var json: JSON { facts.json(adding: ["bytes": .string(Base64.encode(bytes))]) }

    public init(_ json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "piece")
        self.init(bytes: try FileBytes.read(&fields, "bytes"), facts: try FileFacts(&fields))
    }
}

extension WriteIntent {
    /// As members of an input, beside others.
    public var members: [String: JSON] {
        [
            "path": .string(path), "size": .integer(size), "mode": .string(FileMode.text(mode)),
            "overwrite": .bool(overwrites),
        ].adding("modified_at", modifiedAt) { .integer($0) }.adding("sha256", sha256) { .hex($0) }
    }

    package init(_ fields: inout Fields) throws(WireError) {
        self.init(
            path: try fields.filePath(), size: try fields.integer("size"),
            mode: try fields.optional("mode") { fields, name throws(WireError) in
                try FileMode.read(&fields, name)
            } ?? 0o644,
            modifiedAt: try fields.optional("modified_at") { fields, name throws(WireError) in
                try fields.integer(name, from: -Fields.maxInteger)
            },
            sha256: try fields.optional("sha256") { fields, name throws(WireError) in
                try fields.hex(name, bytes: 32)
            },
            overwrites: try fields.optional("overwrite") { fields, name throws(WireError) in
                try fields.bool(name)
            } ?? false)
    }
}

extension WritePart {
    public var json: JSON { .object(["part": .string(token), "offset": .integer(offset)]) }

    public init(_ json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "part")
        self.init(token: try fields.string("part", maxBytes: 64), offset: try fields.integer("offset", to: .max))
    }
}

extension Fields {
    package mutating func filePath(_ name: String = "path") throws(WireError) -> String {
        try string(name, maxBytes: 4096)
    }
}

/// Bytes of files inside JSON: base64.
package enum FileBytes {
    /// Of one call.
    package static let maxCount = 1 << 20

    package static func read(_ fields: inout Fields, _ name: String) throws(WireError) -> [UInt8] {
        let text = try fields.string(name, maxBytes: Base64.encodedCount(maxCount))
        guard let bytes = try? Base64.decode(text), bytes.count <= maxCount else {
            throw fields.refusal(name, "must be base64 of at most \(maxCount) bytes")
        }
        return bytes
    }
}

/// The twelve bits of chmod(2) as people write them: `0644`.
package enum FileMode {
    package static func text(_ mode: UInt32) -> String {
        let digits = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }

    package static func read(_ fields: inout Fields, _ name: String) throws(WireError) -> UInt32 {
        try fields.parsed(name, maxBytes: 4, as: "3 or 4 octal digits, as 0644") { text in
            (3...4).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x37).contains($0) }
                ? UInt32(text, radix: 8) : nil
        }
    }
}
