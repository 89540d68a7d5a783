import KinEncoding

/// How a file of some size is cut into sealed chunks (docs/protocol/files.md, "A sealed file"). Counts are bytes.
public struct SealedFileForm: Hashable, Sendable {
    public static let domain = "kindred/file/v1"
    /// Of plaintext; the last chunk holds what is left, and is empty only where the file is.
    public static let chunkBytes = 65_536
    public static let nonceBytes = 24
    public static let tagBytes = 16
    public static let overhead = nonceBytes + tagBytes
    public static let sealedChunkBytes = chunkBytes + overhead
    public static let keyBytes = 32

    /// Of the plaintext.
    public let size: Int64

    /// - Parameter size: 0 … 2^53 − 1.
    public init(size: Int64) { self.size = size }

    public var chunks: Int64 {
        let chunk = Int64(Self.chunkBytes)
        return max(1, size / chunk + (size % chunk == 0 ? 0 : 1))
    }

    public var sealedSize: Int64 { size + chunks * Int64(Self.overhead) }

    public func isLast(_ index: Int64) -> Bool { index == chunks - 1 }

    /// The plaintext of one chunk.
    public func plainCount(ofChunk index: Int64) -> Int {
        Int(max(0, min(Int64(Self.chunkBytes), size - index * Int64(Self.chunkBytes))))
    }

    public func sealedCount(ofChunk index: Int64) -> Int { plainCount(ofChunk: index) + Self.overhead }

    /// The plaintext of everything before a chunk.
    public func plainOffset(ofChunk index: Int64) -> Int64 { min(index * Int64(Self.chunkBytes), size) }

    /// What is sealed before a chunk.
    public static func sealedOffset(ofChunk index: Int64) -> Int64 { index * Int64(sealedChunkBytes) }

    /// The chunk that begins at an offset of the sealed file; nil inside one. The end is behind the last.
    public func chunk(atSealedOffset offset: Int64) -> Int64? {
        if offset == sealedSize { return chunks }
        guard offset >= 0, offset < sealedSize, offset % Int64(Self.sealedChunkBytes) == 0 else { return nil }
        return offset / Int64(Self.sealedChunkBytes)
    }

    /// Whether a sealed file can have so many bytes: what somebody who cannot open it knows of its form.
    public static func isSealedSize(_ size: Int64) -> Bool {
        guard size >= overhead else { return false }
        let rest = size % Int64(sealedChunkBytes)
        return rest == 0 || rest > overhead || size == overhead
    }

    /// As much of `count` sealed bytes as is whole chunks, where `size` of them are the whole file.
    public static func wholeChunks(of count: Int64, size: Int64) -> Int64 {
        count >= size ? size : count - count % Int64(sealedChunkBytes)
    }

    /// What a chunk is bound to: the domain, 0x00, the file's id (26), the chunk's index (u64 big-endian), 1 for the last and 0 else, the mesh.
    public static func additionalData(mesh: MeshID, file: ULID, index: Int64, isLast: Bool) -> [UInt8] {
        var bytes = Array(domain.utf8) + [0] + Array(file.description.utf8)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: index >> Int64(shift)))
        }
        return bytes + [isLast ? 1 : 0] + Array(mesh.description.utf8)
    }
}
