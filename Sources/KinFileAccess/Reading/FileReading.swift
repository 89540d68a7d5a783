import KinCrypto
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads a file that is open.
struct FileReading {
    /// Bytes read at once while hashing.
    private static let step = 1 << 18
    /// Bytes between two words of how far it is.
    private static let stride: Int64 = 1 << 24

    let file: Descriptor
    let path: RequestedPath

    /// The file as it is now.
    func facts() throws(KinError) -> FileFacts {
        guard let status = file.status else { throw FileFault.failure(errno, path, .reading) }
        return FileFacts(status)
    }

    /// Fewer than `count` only at the file's end.
    func bytes(at offset: Int64, count: Int) throws(KinError) -> [UInt8] {
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let got = pread(
                    file.number, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + off_t(filled)
                )
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    return
                } else if errno != EINTR {
                    failure = errno
                    return
                }
            }
        }
        if let failure { throw FileFault.failure(failure, path, .reading) }
        return bytes
    }

    /// - Throws: `file_changed` where there are fewer bytes than `first`.
    func digest(
        first: Int64, _ interest: DiskWork.Interest, _ progress: (Int64) -> Void
    ) throws(KinError) -> FileDigest {
        var (stream, offset, told) = (SHA256Stream(), Int64(0), Int64(0))
        while offset < first {
            try interest.check()
            let bytes = try bytes(at: offset, count: Int(min(Int64(Self.step), first - offset)))
            guard !bytes.isEmpty else { throw FileFault.changed(path) }
            stream.update(bytes)
            offset += Int64(bytes.count)
            if offset - told >= Self.stride {
                told = offset
                progress(offset)
            }
        }
        return FileDigest(sha256: stream.digest, version: try facts().version, stream: stream)
    }
}
