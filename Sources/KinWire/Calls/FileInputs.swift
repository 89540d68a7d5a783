package import KinEncoding

/// The input of an operation of `/fs` (docs/protocol/remote-files.md). A member that is not known is refused: it might change what is meant.
package protocol FileInput: Hashable, Sendable {
    /// Behind `/fs/`.
    static var operation: String { get }

    init(_ fields: inout Fields) throws(WireError)

    var members: [String: JSON] { get }
}

extension FileInput {
    package init(_ json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "/fs/\(Self.operation)")
        try self.init(&fields)
        try fields.end()
    }

    package var json: JSON { .object(members) }
}

package enum FileInputs {
    package static let all: [any FileInput.Type] = [
        FileStat.self, FolderList.self, FileRead.self, FileHash.self, FolderMake.self, FileWrite.self, PartBegin.self,
        PartWrite.self, PartHash.self, PartFinish.self, PartDiscard.self,
    ]
}

// MARK: Reading

package struct FileStat: FileInput {
    package static let operation = "stat"
    package var path: String
    /// Whether a link at the path's end is followed.
    package var followsLinks = true

    package init(_ path: String) { self.path = path }

    package init(_ fields: inout Fields) throws(WireError) {
        path = try fields.filePath()
        followsLinks = try fields.flag("follow") ?? true
    }

    package var members: [String: JSON] { ["path": .string(path), "follow": .bool(followsLinks)] }
}

package struct FolderList: FileInput {
    package static let operation = "list"
    package static let maxEntries = 1000
    package var path: String
    /// The name behind which to go on.
    package var after: String?
    package var limit = maxEntries

    package init(_ path: String, after: String? = nil) { (self.path, self.after) = (path, after) }

    package init(_ fields: inout Fields) throws(WireError) {
        path = try fields.filePath()
        after = try fields.optional("after") { fields, name throws(WireError) in try fields.string(name, maxBytes: 1024)
        }
        limit = Int(try fields.number("limit", from: 1, to: Int64(Self.maxEntries)) ?? Int64(Self.maxEntries))
    }

    package var members: [String: JSON] {
        ["path": .string(path), "limit": .integer(Int64(limit))].adding("after", after) { .string($0) }
    }
}

package struct FileRead: FileInput {
    package static let operation = "read"
    package var path: String
    package var offset: Int64
    package var count: Int

    package init(_ path: String, at offset: Int64, count: Int) {
        (self.path, self.offset, self.count) = (path, offset, count)
    }

    package init(_ fields: inout Fields) throws(WireError) {
        path = try fields.filePath()
        offset = try fields.number("offset", from: 0) ?? 0
        let most = Int64(FileBytes.maxCount)
        count = Int(try fields.number("count", from: 1, to: most) ?? most)
    }

    package var members: [String: JSON] {
        ["path": .string(path), "offset": .integer(offset), "count": .integer(Int64(count))]
    }
}

package struct FileHash: FileInput {
    package static let operation = "digest"
    package var path: String
    /// Bytes from the beginning; nil: all.
    package var first: Int64?

    package init(_ path: String, first: Int64?) { (self.path, self.first) = (path, first) }

    package init(_ fields: inout Fields) throws(WireError) {
        path = try fields.filePath()
        first = try fields.number("first", from: 0)
    }

    package var members: [String: JSON] { ["path": .string(path)].adding("first", first) { .integer($0) } }
}

package struct FolderMake: FileInput {
    package static let operation = "mkdir"
    package var path: String
    package var mode: UInt32

    package init(_ path: String, mode: UInt32) { (self.path, self.mode) = (path, mode) }

    package init(_ fields: inout Fields) throws(WireError) {
        path = try fields.filePath()
        mode = try fields.mode() ?? 0o755
    }

    package var members: [String: JSON] { ["path": .string(path), "mode": .string(FileMode.text(mode))] }
}

// MARK: Writing

/// A small file in one call.
package struct FileWrite: FileInput {
    package static let operation = "write"
    package var bytes: [UInt8]
    /// Of as many bytes.
    package var intent: WriteIntent

    package init(_ fields: inout Fields) throws(WireError) {
        bytes = try FileBytes.read(&fields, "bytes")
        intent = WriteIntent(
            path: try fields.filePath(), size: Int64(bytes.count), mode: try fields.mode() ?? 0o644,
            overwrites: try fields.flag("overwrite") ?? false)
    }

    package var members: [String: JSON] {
        [
            "path": .string(intent.path), "bytes": .string(Base64.encode(bytes)),
            "mode": .string(FileMode.text(intent.mode)), "overwrite": .bool(intent.overwrites),
        ]
    }
}

package struct PartBegin: FileInput {
    package static let operation = "part/begin"
    package var intent: WriteIntent
    /// The part to go on in; nil: one that was left, or a new one.
    package var part: String?
    /// Whether it begins at 0 there.
    package var restarts: Bool

    package init(_ intent: WriteIntent, part: String? = nil, restarts: Bool = false) {
        (self.intent, self.part, self.restarts) = (intent, part, restarts)
    }

    package init(_ fields: inout Fields) throws(WireError) {
        part = try fields.optional("part") { fields, name throws(WireError) in try fields.part(name) }
        restarts = try fields.flag("restart") ?? false
        intent = try WriteIntent(&fields)
    }

    package var members: [String: JSON] {
        intent.members.merging(["restart": .bool(restarts)]) { $1 }.adding("part", part) { .string($0) }
    }
}

package struct PartWrite: FileInput {
    package static let operation = "part/write"
    package var path: String
    package var part: String
    package var offset: Int64
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8], at offset: Int64, to part: String, of path: String) {
        (self.path, self.part, self.offset, self.bytes) = (path, part, offset, bytes)
    }

    package init(_ fields: inout Fields) throws(WireError) {
        path = try fields.filePath()
        part = try fields.part()
        offset = try fields.integer("offset")
        bytes = try FileBytes.read(&fields, "bytes")
    }

    package var members: [String: JSON] {
        [
            "path": .string(path), "part": .string(part), "offset": .integer(offset),
            "bytes": .string(Base64.encode(bytes)),
        ]
    }
}

package struct PartHash: FileInput {
    package static let operation = "part/digest"
    package var path: String
    package var part: String
    /// Bytes from the beginning.
    package var first: Int64

    package init(_ part: String, of path: String, first: Int64) {
        (self.path, self.part, self.first) = (path, part, first)
    }

    package init(_ fields: inout Fields) throws(WireError) {
        path = try fields.filePath()
        part = try fields.part()
        first = try fields.integer("first")
    }

    package var members: [String: JSON] {
        ["path": .string(path), "part": .string(part), "first": .integer(first)]
    }
}

package struct PartFinish: FileInput {
    package static let operation = "part/finish"
    package var intent: WriteIntent
    package var part: String

    package init(_ intent: WriteIntent, part: String) { (self.intent, self.part) = (intent, part) }

    package init(_ fields: inout Fields) throws(WireError) {
        part = try fields.part()
        intent = try WriteIntent(&fields)
    }

    package var members: [String: JSON] { intent.members.merging(["part": .string(part)]) { $1 } }
}

package struct PartDiscard: FileInput {
    package static let operation = "part/discard"
    package var path: String
    package var part: String

    package init(_ part: String, of path: String) { (self.path, self.part) = (path, part) }

    package init(_ fields: inout Fields) throws(WireError) {
        path = try fields.filePath()
        part = try fields.part()
    }

    package var members: [String: JSON] { ["path": .string(path), "part": .string(part)] }
}

extension Fields {
    fileprivate mutating func flag(_ name: String) throws(WireError) -> Bool? {
        try optional(name) { fields, name throws(WireError) in try fields.bool(name) }
    }

    fileprivate mutating func number(
        _ name: String, from lowest: Int64, to highest: Int64 = maxInteger
    ) throws(WireError) -> Int64? {
        try optional(name) { fields, name throws(WireError) in
            try fields.integer(name, from: lowest, to: highest)
        }
    }

    fileprivate mutating func mode() throws(WireError) -> UInt32? {
        try optional("mode") { fields, name throws(WireError) in try FileMode.read(&fields, name) }
    }

    /// A part's name.
    fileprivate mutating func part(_ name: String = "part") throws(WireError) -> String {
        try string(name, maxBytes: 64)
    }
}
