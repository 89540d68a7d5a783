import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The file of a database: made for its owner alone, and watched, since what is written to a file that was removed is lost.
struct DatabaseFile: Sendable {
    let path: String
    private let device: dev_t
    private let inode: ino_t

    /// Creates the file (0600) where there is none.
    /// - Throws: `StoreError`, `unavailable`, also where others can read it: it holds messages.
    init(_ path: String) throws {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw StoreError(.unavailable, "\(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw StoreError(.unavailable, "\(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw StoreError(.unavailable, "\(path) can be read by other users: run  chmod 600 \(path)  and try again")
        }
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    /// - Throws: `StoreError` where the file that was opened is not at its path any more.
    func checkPresence() throws {
        var status = stat()
        guard stat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else {
            throw StoreError(.unavailable, "\(path) was removed or replaced while it was in use: start again")
        }
    }
}
