import KinCrypto
import KinEncoding
import KinWire

extension WriteIntent {
    /// 16 hex digits, half for the file's name, half for its content as far as it is known: a part is gone on with only for both.
    func key(of name: PathName) -> String {
        let digest = sha256.map { Hex.encode($0) } ?? ""
        let facts = "\(size) \(modifiedAt.map { "\($0)" } ?? "") \(digest)"
        return PartName.half(of: name.bytes) + PartName.half(of: Array(facts.utf8))
    }

    /// - Throws: `size_invalid`, `digest_invalid`.
    func check() throws(KinError) {
        guard size >= 0, size <= Int64.max - Int64(RootedFiles.maxPiece) else {
            throw KinError("size_invalid", "a file's size is 0 or more", category: .usage)
        }
        guard sha256?.count ?? 32 == 32 else {
            throw KinError("digest_invalid", "a SHA-256 has 32 bytes", category: .usage)
        }
    }
}
