public import KinCrypto
import KinEncoding
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

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
        // The numbers themselves are this machine's affair.
        let file = "\(status.st_dev).\(status.st_ino)"
        let times = [modified.tv_sec, modified.tv_nsec, changed.tv_sec, changed.tv_nsec]
        self.init(
            kind: Self.kind(status), size: Int64(status.st_size), mode: UInt32(status.st_mode) & 0o7777,
            modifiedAt: Int64(modified.tv_sec) * 1000 + Int64(modified.tv_nsec) / 1_000_000,
            identity: Self.short(file), version: Self.short("\(file).\(status.st_size).\(status.st_mode).\(times)"))
    }

    private static func kind(_ status: stat) -> Kind {
        switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .special
        }
    }

    private static func short(_ text: String) -> String {
        Hex.encode(Array(Digest.sha256(Array(text.utf8)).prefix(16)))
    }
}
