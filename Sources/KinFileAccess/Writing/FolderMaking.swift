import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Makes a folder where there is none.
struct FolderMaking {
    let place: Place

    /// - Returns: whether it was made.
    func make(_ mode: UInt32) throws(KinError) -> Bool {
        guard let name = place.name else { return false }
        if mkdirat(place.folder.number, name.characters, mode_t(mode & 0o777)) == 0 {
            place.syncFolder()
            return true
        }
        let code = errno
        guard code == EEXIST else { throw FileFault.failure(code, place.path, .writing) }
        guard let status = try place.status(), status.st_mode & S_IFMT == S_IFDIR else {
            throw FileFault.exists(place.path)
        }
        return false
    }
}
