import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A part that is open and locked: shared by those who write into it, for one alone who takes it over or makes it whole.
///
/// The lock is the kernel's, so that two processes keep to it; it goes with the descriptor.
struct PartFile {
    enum Hold {
        case shared, alone
        fileprivate var operation: Int32 { (self == .alone ? LOCK_EX : LOCK_SH) | LOCK_NB }
    }

    /// Looks at a lock that others hold for the time of a write.
    private static let maxLooks = 50
    /// Microseconds between them.
    private static let pause: UInt32 = 20_000

    let descriptor: Descriptor
    let name: PartName
    let place: Place

    /// A new one.
    /// - Throws: `folder_missing`, `access_denied`, `storage_full`, `read_only`.
    init(making name: PartName, at place: Place) throws(KinError) {
        let number = openat(
            place.folder.number, name.pathName.characters, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw FileFault.failure(errno, place.path, .writing) }
        descriptor = Descriptor(taking: number)
        self.name = name
        self.place = place
    }

    /// One that is there.
    /// - Throws: `part_void` where it is not, `file_busy` where another holds it.
    init(opening name: PartName, at place: Place, _ hold: Hold) throws(KinError) {
        let number = openat(
            place.folder.number, name.pathName.characters, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard number >= 0 else {
            throw errno == ENOENT || errno == ELOOP
                ? Self.void(place) : FileFault.failure(errno, place.path, .writing)
        }
        descriptor = Descriptor(taking: number)
        self.name = name
        self.place = place
        try lock(hold)
        // In a folder of everybody's somebody else may have put it there; and whoever held the lock may have renamed it.
        guard isOurs, isNamed else { throw Self.void(place) }
    }

    private func lock(_ hold: Hold) throws(KinError) {
        for _ in 0..<Self.maxLooks {
            // Some file systems know no locks.
            if flock(descriptor.number, hold.operation) == 0 || errno != EWOULDBLOCK { return }
            usleep(Self.pause)
        }
        throw FileFault.busy(place.path)
    }

    private var isOurs: Bool {
        guard let status = descriptor.status else { return false }
        return status.st_mode & S_IFMT == S_IFREG && status.st_uid == geteuid() && status.st_nlink == 1
            && status.st_mode & 0o077 == 0
    }

    private var isNamed: Bool {
        var named = stat()
        guard let status = descriptor.status,
            fstatat(place.folder.number, name.pathName.characters, &named, AT_SYMLINK_NOFOLLOW) == 0
        else { return false }
        return FileIdentity(named) == FileIdentity(status)
    }

    var size: Int64 { descriptor.status.map { Int64($0.st_size) } ?? 0 }

    var reading: FileReading { FileReading(file: descriptor, path: place.path) }

    /// Gives it another name, so that who had it has it no more.
    func renamed() throws(KinError) -> PartFile {
        let name = PartName(key: name.key)
        guard
            renameat(
                place.folder.number, self.name.pathName.characters, place.folder.number, name.pathName.characters) == 0
        else { throw FileFault.failure(errno, place.path, .writing) }
        return PartFile(descriptor: descriptor, name: name, place: place)
    }

    private init(descriptor: Descriptor, name: PartName, place: Place) {
        self.descriptor = descriptor
        self.name = name
        self.place = place
    }

    func truncate() throws(KinError) {
        guard ftruncate(descriptor.number, 0) == 0 else { throw FileFault.failure(errno, place.path, .writing) }
    }

    /// - Throws: `storage_full`, `io_failed`.
    func write(_ bytes: [UInt8], at offset: Int64) throws(KinError) {
        var (done, failure) = (0, nil as Int32?)
        bytes.withUnsafeBytes { bytes in
            while done < bytes.count, failure == nil {
                let count = pwrite(
                    descriptor.number, bytes.baseAddress?.advanced(by: done), bytes.count - done,
                    off_t(offset) + off_t(done))
                if count > 0 {
                    done += count
                } else if count == 0 {
                    failure = EIO
                } else if errno != EINTR {
                    failure = errno
                }
            }
        }
        if let failure { throw FileFault.failure(failure, place.path, .writing) }
    }

    func remove() { unlinkat(place.folder.number, name.pathName.characters, 0) }

    static func void(_ place: Place) -> KinError {
        KinError(
            "part_void",
            "what was written of \(place.path.text) is another's by now, or was cleaned up: begin it again",
            category: .conflict)
    }
}
