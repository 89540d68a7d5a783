import KinCrypto
import KinEncoding

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

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

/// The SHA-256 of a file's first bytes.
public struct FileDigest: Sendable {
    /// 32 bytes.
    public var sha256: [UInt8]
    /// `FileFacts.version` after they were read.
    public var version: String
    /// To hash on from there; nil where it was made on another machine.
    public var stream: SHA256Stream?

    public init(sha256: [UInt8], version: String, stream: SHA256Stream? = nil) {
        self.sha256 = sha256
        self.version = version
        self.stream = stream
    }
}

/// Which file it is on this machine.
struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64

    init(_ status: stat) {
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
    }
}

extension FileFacts {
    init(_ status: stat) {
        #if canImport(Darwin)
            let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
        #else
            let (modified, changed) = (status.st_mtim, status.st_ctim)
        #endif
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .special
            }
        size = Int64(status.st_size)
        mode = UInt32(status.st_mode) & 0o7777
        modifiedAt = Int64(modified.tv_sec) * 1000 + Int64(modified.tv_nsec) / 1_000_000
        // The numbers themselves are this machine's affair.
        let file = "\(status.st_dev).\(status.st_ino)"
        identity = Self.short(file)
        version = Self.short(
            "\(file).\(size).\(status.st_mode).\(modified.tv_sec).\(modified.tv_nsec).\(changed.tv_sec).\(changed.tv_nsec)"
        )
    }

    private static func short(_ text: String) -> String {
        Hex.encode(Array(Digest.sha256(Array(text.utf8)).prefix(16)))
    }
}
