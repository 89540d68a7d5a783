import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What can be wrong with a path or a file, each with what to do about it.
enum FileFault {
    /// What was being done when the system said no.
    enum Deed { case passing, reading, writing }

    static func invalid(_ path: String) -> KinError {
        KinError(
            "path_invalid",
            "this is no path that can be gone: at most \(RequestedPath.maxBytes) bytes and \(FolderWalk.maxDepth) folders, no zero byte",
            category: .usage)
    }

    /// Says nothing of what is there: it was not looked at.
    static func outside(_ path: RequestedPath) -> KinError {
        KinError(
            "outside_roots",
            "\(path.text) leads out of the folders that this machine opens to others ([fs] roots in its config.toml)",
            category: .refused)
    }

    static func closed(_ path: RequestedPath) -> KinError {
        KinError("outside_roots", "\(path.text) is kin's own folder, which stays closed", category: .refused)
    }

    static func missing(_ path: RequestedPath) -> KinError {
        KinError("file_missing", "\(path.text) is not there", category: .notFound)
    }

    /// To write, only the folder has to be there.
    static func inMissingFolder(_ error: KinError, _ path: String) -> KinError {
        error.code == "file_missing" ? folderMissing(path) : error
    }

    private static func folderMissing(_ path: String) -> KinError {
        KinError("folder_missing", "the folder of \(path) is not there: make it first", category: .notFound)
    }

    static func notAFolder(_ path: RequestedPath) -> KinError {
        KinError("not_a_folder", "\(path.text): what should be a folder is none", category: .conflict)
    }

    static func isAFolder(_ path: RequestedPath) -> KinError {
        KinError("is_a_folder", "\(path.text) is a folder: name a file", category: .conflict)
    }

    static func isALink(_ path: RequestedPath) -> KinError {
        KinError("is_a_link", "\(path.text) is a symbolic link: name the file it leads to", category: .conflict)
    }

    static func notAFile(_ path: RequestedPath) -> KinError {
        KinError(
            "not_a_file", "\(path.text) is a pipe, socket or device: only files and folders can be used",
            category: .conflict)
    }

    static func exists(_ path: RequestedPath) -> KinError {
        KinError(
            "file_exists", "\(path.text) is there already: name another, or allow replacing it", category: .conflict)
    }

    static func tooManyLinks(_ path: RequestedPath) -> KinError {
        KinError("too_many_links", "\(path.text) leads through too many symbolic links", category: .refused)
    }

    static func busy(_ path: RequestedPath) -> KinError {
        KinError(
            "file_busy", "\(path.text) is being changed by others: try again in a moment", category: .busy,
            retryable: true)
    }

    static func changed(_ path: RequestedPath) -> KinError {
        KinError("file_changed", "\(path.text) changed while it was read: read it again", category: .conflict)
    }

    static func full(_ path: RequestedPath, needed: Int64? = nil, available: Int64? = nil) -> KinError {
        let room =
            if let needed, let available { " (\(needed) bytes are needed, \(available) are there)" } else { "" }
        return KinError(
            "storage_full", "the disk that holds \(path.text) is full\(room): make room there, then try again to go on",
            category: .exhausted, retryable: true)
    }

    static let interrupted = KinError("interrupted", "interrupted")

    /// - Throws: `is_a_folder`, `is_a_link`, `not_a_file`.
    static func expectFile(_ status: stat, _ path: RequestedPath) throws(KinError) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw isAFolder(path)
        case S_IFLNK: throw isALink(path)
        default: throw notAFile(path)
        }
    }

    /// What a system call's number means for a path.
    static func failure(_ code: Int32, _ path: RequestedPath, _ deed: Deed) -> KinError {
        switch code {
        case ENOENT where deed == .writing: return folderMissing(path.text)
        case ENOENT: return missing(path)
        case ENOTDIR: return notAFolder(path)
        case EISDIR: return isAFolder(path)
        case ELOOP, EMLINK: return isALink(path)
        case EEXIST: return exists(path)
        case ENXIO, ENODEV: return notAFile(path)
        case ENAMETOOLONG, EINVAL, EILSEQ: return invalid(path.text)
        case ENOSPC, EDQUOT, EFBIG: return full(path)
        case ETXTBSY, EBUSY, EAGAIN: return busy(path)
        case EMFILE, ENFILE, ENOMEM:
            return KinError(
                "machine_busy", "that machine has too much open at the moment: try again", category: .busy,
                retryable: true)
        default: break
        }
        return refused(code, path, deed)
    }

    private static func refused(_ code: Int32, _ path: RequestedPath, _ deed: Deed) -> KinError {
        let reason = String(cString: strerror(code))
        switch code {
        case EACCES, EPERM:
            let act = deed == .writing ? "written" : "read"
            return KinError(
                "access_denied",
                "\(path.text) cannot be \(act) by the user who runs kin there (\(reason)): chmod or chown it",
                category: .refused)
        case EROFS:
            return KinError(
                "read_only", "\(path.text) lies on a file system that cannot be written: choose another folder",
                category: .refused)
        default:
            return KinError(
                "io_failed", "\(path.text) cannot be \(deed == .writing ? "written" : "read"): \(reason)")
        }
    }
}
