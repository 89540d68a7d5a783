import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Remembers in which folders parts of files may lie, so that what was abandoned is found again.
///
/// A file of paths, each with a zero behind it: no name holds one. Every look and every change is of the file itself, under the kernel's lock: several
/// processes keep to one. Losing it costs a part that stays.
final class PartLedger: Sendable {
    /// Folders; the oldest are forgotten.
    private static let maxFolders = 1000
    fileprivate static let maxBytes = maxFolders * (RequestedPath.maxBytes + 1)

    private let file: String?
    /// Where there is no file.
    private let folders = Mutex<[String]>([])

    init(file: String?) { self.file = file }

    var all: [String] {
        guard let file else { return folders.withLock { $0 } }
        return LockedLedger(file, isMade: true)?.folders ?? []
    }

    /// To be called when a part is there: whoever takes a folder out of the ledger looks for parts first.
    /// - Parameter path: of a file that is being written.
    func note(folderOf path: String) {
        let folder = Self.folder(of: path)
        change { folders in
            guard !folders.contains(folder) else { return }
            folders.append(folder)
            if folders.count > Self.maxFolders { folders.removeFirst(folders.count - Self.maxFolders) }
        }
    }

    /// Takes folders out.
    /// - Parameter isDone: asked of each once more, while nobody notes one.
    func forget(_ gone: Set<String>, where isDone: (String) -> Bool) {
        guard !gone.isEmpty else { return }
        change { folders in folders.removeAll { gone.contains($0) && isDone($0) } }
    }

    private func change(_ body: (inout [String]) -> Void) {
        guard let file else { return folders.withLock { body(&$0) } }
        guard let ledger = LockedLedger(file) else { return }
        let before = ledger.folders
        var folders = before
        body(&folders)
        if folders != before { ledger.write(folders) }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "~" }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }
}

/// The ledger's file, open and this holder's alone until it is let go.
private struct LockedLedger {
    private let descriptor: Descriptor

    /// - Parameter isMade: whether it must be there; else it is made.
    /// - Returns: nil where the system refuses.
    init?(_ file: String, isMade: Bool = false) {
        let number = open(file, O_RDWR | (isMade ? 0 : O_CREAT) | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard number >= 0 else { return nil }
        descriptor = Descriptor(taking: number)
        // Some file systems know no locks.
        while flock(number, LOCK_EX) != 0, errno == EINTR {}
    }

    /// What has no zero behind it was not written to its end.
    var folders: [String] {
        let count = Int(descriptor.status?.st_size ?? 0)
        guard count <= PartLedger.maxBytes else { return [] }
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(pread(descriptor.number, buffer.baseAddress, count, 0), 0)
        }
        return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .compactMap { String(validating: $0, as: UTF8.self) }
    }

    /// In place: what stays as it was before the first change is written over with itself.
    func write(_ folders: [String]) {
        let bytes = Array(folders.map { Array($0.utf8) + [0] }.joined())
        let count = bytes.withUnsafeBytes { pwrite(descriptor.number, $0.baseAddress, $0.count, 0) }
        if count == bytes.count { ftruncate(descriptor.number, off_t(count)) }
    }
}
