import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension PartFile {
    /// Gives a whole part its name. On disk when it returns.
    /// - Parameter target: the name it is to have.
    /// - Throws: `file_exists`, `is_a_folder`, `is_a_link`, `not_a_file`, `storage_full`, `access_denied`.
    func become(_ target: PathName, _ intent: WriteIntent) throws(KinError) -> FileFacts {
        let former = try place.writable(intent)
        try dress(intent, former)
        guard fsync(descriptor.number) == 0 else { throw FileFault.failure(errno, place.path, .writing) }
        if intent.overwrites {
            try replace(target)
        } else {
            try takeFreeName(target)
        }
        place.syncFolder()
        return try reading.facts()
    }

    private func dress(_ intent: WriteIntent, _ former: stat?) throws(KinError) {
        // What is replaced keeps its owner where that can be done, as when it is written over.
        if let former, former.st_uid != geteuid() || former.st_gid != getegid() {
            _ = fchown(descriptor.number, former.st_uid, former.st_gid)
        }
        guard fchmod(descriptor.number, mode_t(intent.mode & 0o777)) == 0 else {
            throw FileFault.failure(errno, place.path, .writing)
        }
        guard let time = intent.modifiedAt else { return }
        var seconds = time / 1000
        var rest = time % 1000
        if rest < 0 { (seconds, rest) = (seconds - 1, rest + 1000) }
        let moment = timespec(tv_sec: Int(seconds), tv_nsec: Int(rest) * 1_000_000)
        // Not every file system can hold every time: the content matters more.
        _ = futimens(descriptor.number, [moment, moment])
    }

    private func replace(_ target: PathName) throws(KinError) {
        let (folder, part) = (place.folder.number, name.pathName.characters)
        guard renameat(folder, part, folder, target.characters) == 0 else {
            throw FileFault.failure(errno, place.path, .writing)
        }
    }

    /// A link, unlike a renaming, never replaces.
    private func takeFreeName(_ target: PathName) throws(KinError) {
        let (folder, part) = (place.folder.number, name.pathName.characters)
        if linkat(folder, part, folder, target.characters, 0) == 0 {
            unlinkat(folder, part, 0)
        } else if errno == EEXIST {
            throw FileFault.exists(place.path)
        } else {
            // A file system without links.
            guard try place.status() == nil else { throw FileFault.exists(place.path) }
            try replace(target)
        }
    }
}

extension Place {
    /// Whether a file may be written here.
    /// - Returns: the file that is replaced.
    /// - Throws: `file_exists`, `is_a_folder`, `is_a_link`, `not_a_file`, `path_reserved`.
    @discardableResult
    func writable(_ intent: WriteIntent) throws(KinError) -> stat? {
        guard let name else { throw FileFault.isAFolder(path) }
        guard PartName(name.bytes) == nil else {
            throw KinError(
                "path_reserved", "\(path.text) is a name that kin gives to parts of files: choose another",
                category: .usage)
        }
        guard let status = try status() else { return nil }
        try FileFault.expectFile(status, path)
        guard intent.overwrites else { throw FileFault.exists(path) }
        return status
    }
}
