import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Lists a folder page by page in memory that does not grow with it: each page goes through all the names and keeps the least that are wanted.
struct FolderListing {
    let folder: Descriptor
    let path: RequestedPath
    let interest: DiskWork.Interest

    func page(after: String?, limit: Int) throws(KinError) -> FolderPage {
        let start = after.map { Array($0.utf8) }
        var (names, unnameable) = ([[UInt8]](), 0)
        var bound: [UInt8]?
        try eachName { name in
            guard name.text != nil else {
                unnameable += 1
                return
            }
            let bytes = name.bytes
            guard PartName(bytes) == nil, start.map({ $0.lexicographicallyPrecedes(bytes) }) ?? true,
                bound.map({ bytes.lexicographicallyPrecedes($0) }) ?? true
            else { return }
            names.append(bytes)
            // One more than the page, to know whether something comes behind it.
            guard names.count > 2 * limit + 2 else { return }
            names.sort { $0.lexicographicallyPrecedes($1) }
            names.removeLast(names.count - limit - 1)
            bound = names.last
        }
        names.sort { $0.lexicographicallyPrecedes($1) }
        var entries: [FolderEntry] = []
        for name in names.prefix(limit) {
            if let entry = try entry(name) { entries.append(entry) }
        }
        let next = names.count > limit ? String(validating: names[limit - 1], as: UTF8.self) : nil
        return FolderPage(entries: entries, next: next, unnameable: unnameable)
    }

    /// nil where it went meanwhile.
    private func entry(_ bytes: [UInt8]) throws(KinError) -> FolderEntry? {
        try interest.check()
        let name = PathName(bytes)
        var status = stat()
        guard fstatat(folder.number, name.characters, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            guard errno == ENOENT else { throw FileFault.failure(errno, path, .reading) }
            return nil
        }
        return name.text.map { FolderEntry(name: $0, facts: FileFacts(status)) }
    }

    /// Every name but `.` and `..`, in no order.
    func eachName(_ body: (PathName) -> Void) throws(KinError) {
        // Closing a stream closes its descriptor: it gets one of its own.
        let number = openat(folder.number, PathName.itself.characters, FolderFlags.reading)
        guard number >= 0 else { throw FileFault.failure(errno, path, .reading) }
        guard let stream = fdopendir(number) else {
            close(number)
            throw FileFault.failure(errno, path, .reading)
        }
        defer { closedir(stream) }
        while true {
            try interest.check()
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw FileFault.failure(errno, path, .reading) }
                return
            }
            let name = Self.name(entry)
            if name != .itself, name != .above { body(name) }
        }
    }

    /// An entry is only as long as its name: it is read in place, never copied as a whole.
    private static func name(_ entry: UnsafeMutablePointer<dirent>) -> PathName {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        let start = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
        return PathName(UnsafeRawBufferPointer(start: start, count: strlen(start)))
    }
}
