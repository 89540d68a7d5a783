import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension RootedFiles {
    /// Milliseconds after its last byte came that a part is taken for abandoned: a day.
    public static let partLife: Int64 = 86_400_000

    /// Parts that are looked at in one folder at once.
    private static let maxSwept = 1000

    /// Takes away abandoned parts, wherever they were begun.
    /// - Parameter now: milliseconds since 1970.
    /// - Returns: how many.
    @discardableResult
    public func sweep(now: Int64) async throws(KinError) -> Int {
        try await work.run { [self] interest throws(KinError) in
            var (count, done) = (0, Set<String>())
            for folder in ledger.all {
                try interest.check()
                guard let found = try? sweep(folder, now, interest) else { continue }
                count += found.removed
                if !found.isMore { done.insert(folder) }
            }
            // Another process may have begun a part there since.
            ledger.forget(done) { folder in (try? self.sweep(folder, now, interest))?.isMore == false }
            return count
        }
    }

    /// - Returns: how many were taken away, and whether parts are left there.
    private func sweep(
        _ path: String, _ now: Int64, _ interest: DiskWork.Interest
    ) throws(KinError) -> (removed: Int, isMore: Bool) {
        let (folder, place): (Descriptor, Place)
        do throws(KinError) {
            place = try self.place(path)
            folder = try place.openFolder()
        } catch {
            // A folder that is gone took its parts along.
            if error.category == .notFound { return (0, false) }
            throw error
        }
        var names: [PartName] = []
        try FolderListing(folder: folder, path: place.path, interest: interest).eachName { name in
            if let part = PartName(name.bytes), names.count < Self.maxSwept { names.append(part) }
        }
        var removed = 0
        for name in names where isAbandoned(name, in: folder, now) {
            if unlinkat(folder.number, name.pathName.characters, 0) == 0 { removed += 1 }
        }
        return (removed, removed < names.count || names.count == Self.maxSwept)
    }

    /// By the time of the last change of anything about it, which nobody sets: its time of modification may be put back already.
    private func isAbandoned(_ name: PartName, in folder: Descriptor, _ now: Int64) -> Bool {
        var status = stat()
        guard fstatat(folder.number, name.pathName.characters, &status, AT_SYMLINK_NOFOLLOW) == 0,
            status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid()
        else { return false }
        #if canImport(Darwin)
            let changed = Int64(status.st_ctimespec.tv_sec)
        #else
            let changed = Int64(status.st_ctim.tv_sec)
        #endif
        return now - changed * 1000 > Self.partLife
    }
}
