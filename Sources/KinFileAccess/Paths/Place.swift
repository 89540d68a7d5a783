import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a path leads: a folder that is held open, and a name in it, which may be of nothing.
struct Place: Sendable {
    let folder: Descriptor
    /// nil: the folder itself.
    let name: PathName?
    let path: RequestedPath
    let closed: Set<FileIdentity>

    /// What is there, links themselves; nil where nothing is.
    /// - Throws: `access_denied`, `io_failed`.
    func status() throws(KinError) -> stat? {
        var status = stat()
        let result =
            if let name { fstatat(folder.number, name.characters, &status, AT_SYMLINK_NOFOLLOW) } else {
                fstat(folder.number, &status)
            }
        if result == 0 { return status }
        guard errno == ENOENT else { throw FileFault.failure(errno, path, .reading) }
        return nil
    }

    /// Opens a regular file, never a device, pipe, socket or link.
    /// - Throws: `file_missing`, `is_a_folder`, `is_a_link`, `not_a_file`, `access_denied`.
    func openFile() throws(KinError) -> (file: Descriptor, status: stat) {
        guard let name, let before = try status() else {
            throw self.name == nil ? FileFault.isAFolder(path) : FileFault.missing(path)
        }
        // Looked at before it is opened: opening a device may do something. And after: it may be another by then.
        try FileFault.expectFile(before, path)
        let number = openat(
            folder.number, name.characters, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard number >= 0 else { throw FileFault.failure(errno, path, .reading) }
        let file = Descriptor(taking: number)
        guard let status = file.status else { throw FileFault.failure(EIO, path, .reading) }
        try FileFault.expectFile(status, path)
        return (file, status)
    }

    /// Opens a folder for reading its list or syncing it.
    /// - Throws: `file_missing`, `not_a_folder`, `outside_roots`, `access_denied`.
    func openFolder() throws(KinError) -> Descriptor {
        let number = openat(folder.number, name?.characters ?? PathName.itself.characters, FolderFlags.reading)
        guard number >= 0 else {
            throw errno == ELOOP || errno == ENOTDIR
                ? FileFault.notAFolder(path) : FileFault.failure(errno, path, .reading)
        }
        let opened = Descriptor(taking: number)
        guard let status = opened.status, !closed.contains(FileIdentity(status)) else { throw FileFault.closed(path) }
        return opened
    }

    /// Brings the names of the folder to disk. Where it cannot be opened for that, its file system does it in its own time.
    func syncFolder() {
        let number = openat(folder.number, PathName.itself.characters, FolderFlags.reading)
        guard number >= 0 else { return }
        fsync(number)
        close(number)
    }
}
