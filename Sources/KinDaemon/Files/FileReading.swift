import KinCrypto
import KinEncoding
import KinSession
import KinWire
import NIOCore

/// Where the bytes of a sealed file come from.
protocol ByteSource: Sendable {
    /// Bytes at an offset, exactly so many.
    func read(at offset: Int64, count: Int) throws(KinError) -> [UInt8]
}

extension FileSource: ByteSource {}

/// Bytes in memory.
struct BytesSource: ByteSource {
    let bytes: [UInt8]

    func read(at offset: Int64, count: Int) -> [UInt8] { Array(bytes[Int(offset)..<Int(offset) + count]) }
}

/// Reads a source once from its beginning, hashes it, and seals what is wanted of it.
///
/// Unchecked: one upload uses it, one call after the other.
final class FileReading: @unchecked Sendable {
    /// Chunks read and sealed at once: 256 KiB.
    private static let group: Int64 = 4

    private let source: any ByteSource
    private let sealer: FileSealer
    private var hash = SHA256Stream()
    private var next: Int64 = 0

    init(_ source: any ByteSource, _ sealer: FileSealer) {
        self.source = source
        self.sealer = sealer
    }

    var form: SealedFileForm { sealer.form }

    /// Of everything read so far.
    var digest: [UInt8] { hash.digest }

    /// Reads on without sealing: the server has that.
    func skip(to chunk: Int64) async throws {
        while next < chunk {
            let end = min(next + Self.group * 4, chunk)
            try await Disk.run { [self] in _ = try take(through: end) }
        }
    }

    /// The sealed form of the next few chunks, before `end`; nil there.
    func sealed(before end: Int64) async throws -> ByteBuffer? {
        guard next < end else { return nil }
        return try await Disk.run { [self] in
            let first = next
            let last = min(first + Self.group, end)
            let plaintext = try take(through: last)
            var buffer = ByteBufferAllocator().buffer(
                capacity: Int(last - first) * SealedFileForm.sealedChunkBytes)
            for index in first..<last {
                let start = Int(index - first) * SealedFileForm.chunkBytes
                let part = plaintext[start..<start + sealer.form.plainCount(ofChunk: index)]
                buffer.writeBytes(try sealer.seal(part, chunk: index))
            }
            return buffer
        }
    }

    private func take(through end: Int64) throws -> [UInt8] {
        let start = sealer.form.plainOffset(ofChunk: next)
        let bytes = try source.read(at: start, count: Int(sealer.form.plainOffset(ofChunk: end) - start))
        hash.update(bytes)
        next = end
        return bytes
    }

    /// The sealed chunks before `end` as the body of a request.
    func body(before end: Int64, sent: @escaping @Sendable (Int) -> Void) -> SealedChunks {
        SealedChunks(reading: self, end: end, sent: sent)
    }
}

/// Sealed chunks as they are asked for: none is made before the last was taken.
struct SealedChunks: AsyncSequence, Sendable {
    let reading: FileReading
    let end: Int64
    let sent: @Sendable (Int) -> Void

    struct AsyncIterator: AsyncIteratorProtocol {
        let chunks: SealedChunks

        mutating func next() async throws -> ByteBuffer? {
            let buffer = try await chunks.reading.sealed(before: chunks.end)
            if let buffer { chunks.sent(buffer.readableBytes) }
            return buffer
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(chunks: self) }
}
