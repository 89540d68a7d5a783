public import KinWire

/// Files and folders of this machine for others: nothing outside the roots is ever read, written or looked at.
///
/// A path is absolute, `~`, `~/…` or relative to the home folder, UTF-8 of at most 4096 bytes. Links are followed as long as they stay inside a root. No call keeps a file open.
/// Errors are `KinError`s; all may throw `path_invalid`, `outside_roots`, `file_missing`, `not_a_folder`, `too_many_links`, `access_denied`, `machine_busy`, `io_failed`.
///
/// What a root cannot tell apart: a hard link to a file elsewhere, and a file system mounted inside.
public final class RootedFiles: Sendable {
    /// Bytes one call reads or writes at most.
    public static let maxPiece = 1 << 20
    /// Entries one call lists at most.
    public static let maxPage = 1000

    let roots: FileRoots
    let work = DiskWork()
    let order: ChunkOrder
    let ledger: PartLedger

    /// - Parameters:
    ///   - roots: absolute paths of folders; links in these are followed.
    ///   - home: absolute; what `~` and relative paths mean.
    ///   - closed: folders inside the roots that nobody enters, wherever they are moved: those that hold keys.
    ///   - ledger: a file that remembers over restarts where parts of files may lie; nil: in memory alone.
    ///   - patience: how long a chunk waits for those before it.
    public init(
        roots: [String], home: String, closed: [String] = [], ledger: String? = nil,
        patience: Duration = .seconds(15)
    ) {
        self.roots = FileRoots(roots, home: home, closed: closed)
        self.ledger = PartLedger(file: ledger)
        order = ChunkOrder(patience: patience)
    }

    /// What is at a path.
    /// - Parameter followingLinks: whether a link at its end is followed; those on the way are.
    public func facts(of path: String, followingLinks: Bool = true) async throws(KinError) -> FileFacts {
        try await work.run { [self] _ throws(KinError) in
            let place = try place(path, followingLast: followingLinks)
            guard let status = try place.status() else { throw FileFault.missing(place.path) }
            return FileFacts(status)
        }
    }

    /// The entries of a folder, by the bytes of their names, without the parts of files that are being written.
    /// - Parameters:
    ///   - after: the name behind which to go on.
    ///   - limit: 1 to `maxPage`.
    public func list(
        _ path: String, after: String? = nil, limit: Int = maxPage
    ) async throws(KinError) -> FolderPage {
        try await work.run { [self] interest throws(KinError) in
            let place = try place(path)
            let listing = FolderListing(folder: try place.openFolder(), path: place.path, interest: interest)
            return try listing.page(after: after, limit: min(max(limit, 1), Self.maxPage))
        }
    }

    /// Bytes of a file.
    /// - Parameters:
    ///   - offset: 0 or more; behind the file's end there are no bytes.
    ///   - count: 1 to `maxPiece`.
    /// - Throws: `range_invalid`, `is_a_folder`, `not_a_file` besides.
    public func read(_ path: String, at offset: Int64, count: Int) async throws(KinError) -> FilePiece {
        guard offset >= 0, offset <= Int64.max - Int64(Self.maxPiece), (1...Self.maxPiece).contains(count) else {
            throw KinError(
                "range_invalid", "a read is of 1 to \(Self.maxPiece) bytes from an offset of 0 or more",
                category: .usage)
        }
        return try await work.run { [self] _ throws(KinError) in
            let place = try place(path)
            let (file, _) = try place.openFile()
            let reading = FileReading(file: file, path: place.path)
            return FilePiece(bytes: try reading.bytes(at: offset, count: count), facts: try reading.facts())
        }
    }

    /// The SHA-256 of a file's first bytes. It takes as long as the file is large; cancelling the task ends it.
    /// - Parameters:
    ///   - first: how many bytes; nil: all.
    ///   - progress: hears now and then how far it is.
    /// - Throws: `file_changed` where it has fewer, or changed meanwhile.
    public func digest(
        of path: String, first: Int64? = nil, progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws(KinError) -> FileDigest {
        try await work.run { [self] interest throws(KinError) in
            let place = try place(path)
            let (file, status) = try place.openFile()
            let reading = FileReading(file: file, path: place.path)
            let before = FileFacts(status)
            let digest = try reading.digest(first: first ?? before.size, interest, progress)
            guard digest.version == before.version else { throw FileFault.changed(place.path) }
            return digest
        }
    }

    /// Makes one folder.
    /// - Parameter mode: nine bits of chmod(2); the process's umask takes its part.
    /// - Returns: whether it was made; false where there was one.
    /// - Throws: `file_exists` where something else has its name, `folder_missing` where the one around it is missing.
    @discardableResult
    public func makeFolder(_ path: String, mode: UInt32 = 0o755) async throws(KinError) -> Bool {
        try await work.run { [self] _ throws(KinError) in
            let wanted = try RequestedPath(path, home: roots.home).withoutFolderMark
            let place: Place
            do throws(KinError) {
                place = try FolderWalk.place(of: wanted, in: roots.opened())
            } catch {
                throw FileFault.inMissingFolder(error, path)
            }
            return try FolderMaking(place: place).make(mode)
        }
    }

    func place(_ path: String, followingLast: Bool = true) throws(KinError) -> Place {
        try FolderWalk.place(
            of: RequestedPath(path, home: roots.home), in: roots.opened(), followingLast: followingLast)
    }
}
