/// What is known of a file, folder or link without opening it.
public struct FileFacts: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case file, folder, link
        /// A device, pipe or socket.
        case special
    }

    public var kind: Kind
    /// Bytes.
    public var size: Int64
    /// The twelve bits of chmod(2).
    public var mode: UInt32
    /// Milliseconds since 1970.
    public var modifiedAt: Int64
    /// 32 hex digits: the same as long as it is the same file on this machine, whatever its name and content.
    public var identity: String
    /// 32 hex digits: another one after any change of content, name, mode or times that the file system noticed.
    public var version: String

    public init(
        kind: Kind, size: Int64, mode: UInt32, modifiedAt: Int64, identity: String, version: String
    ) {
        self.kind = kind
        self.size = size
        self.mode = mode
        self.modifiedAt = modifiedAt
        self.identity = identity
        self.version = version
    }
}

/// An entry of a folder.
public struct FolderEntry: Hashable, Sendable {
    public var name: String
    public var facts: FileFacts

    public init(name: String, facts: FileFacts) {
        self.name = name
        self.facts = facts
    }
}

/// Some entries of a folder, by the bytes of their names.
public struct FolderPage: Hashable, Sendable {
    public var entries: [FolderEntry]
    /// To ask for what comes behind; nil at the end.
    public var next: String?
    /// How many names in the whole folder are not UTF-8: they cannot be said here.
    public var unnameable: Int

    public init(entries: [FolderEntry], next: String?, unnameable: Int) {
        self.entries = entries
        self.next = next
        self.unnameable = unnameable
    }
}

/// Bytes of a file, and the file as it was right after they were read.
public struct FilePiece: Hashable, Sendable {
    /// Fewer than were asked for only at the file's end.
    public var bytes: [UInt8]
    public var facts: FileFacts

    public init(bytes: [UInt8], facts: FileFacts) {
        self.bytes = bytes
        self.facts = facts
    }
}

/// A file that is to be written.
public struct WriteIntent: Hashable, Sendable {
    /// Of the file, which is no link; its folder is there.
    public var path: String
    /// Bytes.
    public var size: Int64
    /// Nine bits of chmod(2); what is more (setuid, setgid, sticky) is left out.
    public var mode: UInt32
    /// Milliseconds since 1970; nil: when it was written.
    public var modifiedAt: Int64?
    /// 32 bytes, where they are known before.
    public var sha256: [UInt8]?
    /// Whether a file of that name is replaced.
    public var overwrites: Bool

    public init(
        path: String, size: Int64, mode: UInt32 = 0o644, modifiedAt: Int64? = nil, sha256: [UInt8]? = nil,
        overwrites: Bool = false
    ) {
        self.path = path
        self.size = size
        self.mode = mode
        self.modifiedAt = modifiedAt
        self.sha256 = sha256
        self.overwrites = overwrites
    }
}

/// A file that is being written: what has come of it lies beside its place under a hidden name, readable by its owner alone.
public struct WritePart: Hashable, Sendable {
    /// Names the part; whoever begins the same file later gets another, and this one is void.
    public var token: String
    /// Bytes that are there: where to go on.
    public var offset: Int64

    public init(token: String, offset: Int64) {
        self.token = token
        self.offset = offset
    }
}
