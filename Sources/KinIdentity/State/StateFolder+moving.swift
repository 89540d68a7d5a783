import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension StateFolder {
    /// Renames a file, replacing what is at `target`, and syncs both folders. Nothing happens where there is none.
    /// - Returns: whether there was one.
    @discardableResult
    public static func move(_ path: String, to target: String) throws -> Bool {
        guard rename(path, target) == 0 else {
            if errno == ENOENT { return false }
            throw unwritable(target, errno)
        }
        try syncFolder(of: target)
        try syncFolder(of: path)
        return true
    }
}
