#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An open file or folder: closed with its last reference.
final class Descriptor: Sendable {
    let number: Int32

    init(taking number: Int32) { self.number = number }

    deinit { close(number) }

    /// - Returns: nil where the system does not tell.
    var status: stat? {
        var status = stat()
        return fstat(number, &status) == 0 ? status : nil
    }
}

/// How folders are opened that are only gone through.
enum FolderFlags {
    #if os(Linux)
        /// `O_PATH`: the right to search a folder is enough to pass it, as for any program.
        private static let passing: Int32 = 0o10_000_000
    #else
        private static let passing = O_RDONLY
    #endif

    /// Of a root, whose own links are followed.
    static let root = passing | O_DIRECTORY | O_CLOEXEC
    /// Of what lies in one.
    static let inside = passing | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
    /// To list or sync one.
    static let reading = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
}
