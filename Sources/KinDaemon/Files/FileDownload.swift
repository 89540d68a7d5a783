import KinClient
import KinCrypto
import KinEncoding
import KinMailbox
import KinSession
import KinWire
import NIOCore

/// A sealed file at the server, and what opens it.
struct SealedBlob: Sendable {
    let id: ULID
    /// In which it was sealed.
    let mesh: MeshID
    /// Bytes of plaintext.
    let size: Int64
    /// 32 bytes.
    let key: [UInt8]
    /// For messages to the user.
    let name: String
}

/// Fetches one sealed file's chunks, each verified before anybody sees it, over as many connections as it takes.
struct FileDownload: Sendable {
    let client: BlobClient
    let metrics: DaemonMetrics
    /// How long it is tried while nothing comes.
    var patience = Duration.seconds(60)

    /// - Parameters:
    ///   - next: the first chunk wanted.
    ///   - deliver: gets the plaintext of some chunks, in order, each once.
    /// - Throws: `file_tampered`, `file_gone`, `server_unreachable`, what the server refuses, what `deliver` throws.
    func run(
        _ file: SealedBlob, from next: Int64,
        deliver: (_ plaintext: [UInt8], _ offset: Int64) async throws -> Void
    ) async throws {
        let opening = ChunkOpening(
            FileSealer(key: SecretBytes(copying: file.key), mesh: file.mesh, file: file.id, size: file.size), next)
        var backoff = Backoff()
        var deadline = ContinuousClock.now + patience
        while opening.next < opening.form.chunks {
            let before = opening.next
            do {
                try await pass(file, opening, deliver)
            } catch let error as KinError where error.retryable && error.category != .exhausted {
                if opening.next > before {
                    deadline = .now + patience
                    backoff.reset()
                }
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: backoff.delay())
            }
        }
    }

    /// What one connection brings.
    private func pass(
        _ file: SealedBlob, _ opening: ChunkOpening, _ deliver: ([UInt8], Int64) async throws -> Void
    ) async throws {
        let (size, body) = try await open(file, at: SealedFileForm.sealedOffset(ofChunk: opening.next))
        guard size == opening.form.sealedSize else { throw Self.tampered(file.name) }
        var buffer = ByteBuffer()
        do {
            for try await piece in body {
                // Whoever says more than the whole does not end.
                guard opening.next < opening.form.chunks || piece.readableBytes == 0 else {
                    throw Self.tampered(file.name)
                }
                buffer.writeImmutableBuffer(piece)
                guard let sealed = opening.whole(&buffer) else { continue }
                try await open(sealed, file, opening, deliver)
            }
        } catch let error where !(error is KinError || error is CancellationError) {
            try Task.checkCancellation()
            throw Self.brokenOff
        }
        guard opening.next == opening.form.chunks, buffer.readableBytes == 0 else { throw Self.brokenOff }
    }

    private func open(
        _ sealed: ByteBuffer, _ file: SealedBlob, _ opening: ChunkOpening,
        _ deliver: ([UInt8], Int64) async throws -> Void
    ) async throws {
        let offset = opening.form.plainOffset(ofChunk: opening.next)
        let plaintext: [UInt8]
        do {
            plaintext = try await Disk.run { try opening.open(sealed) }
        } catch is FileSealer.Tampered {
            throw Self.tampered(file.name)
        }
        try await deliver(plaintext, offset)
        opening.taken()
        metrics.fileBytes["in"].add(sealed.readableBytes)
    }

    private func open(
        _ file: SealedBlob, at offset: Int64
    ) async throws -> (size: Int64, body: some AsyncSequence<ByteBuffer, any Error>) {
        do {
            return try await client.read(file.id, from: offset)
        } catch let error as KinError where error.code == "unknown_blob" {
            throw KinError(
                "file_gone",
                "the server does not have \(file.name) any more: its owner deleted it, or its time was over",
                category: .notFound)
        } catch let error as KinError where error.code == "range_invalid" {
            throw Self.tampered(file.name)
        }
    }

    private static let brokenOff = KinError(
        "server_unreachable", "the connection broke off: ask again to go on", category: .unreachable, retryable: true)

    static func tampered(_ name: String) -> KinError {
        KinError(
            "file_tampered",
            "what the server gave for \(name) is not what was shared: have it sent again, and look at the server",
            category: .refused)
    }
}

/// Opens chunks in their order.
///
/// Unchecked: one download uses it, one call after the other.
final class ChunkOpening: @unchecked Sendable {
    /// Chunks opened at once.
    private static let group: Int64 = 8

    private let sealer: FileSealer
    private(set) var next: Int64
    private var opened: Int64 = 0

    init(_ sealer: FileSealer, _ next: Int64) {
        self.sealer = sealer
        self.next = next
    }

    var form: SealedFileForm { sealer.form }

    /// Takes the whole chunks out of what has come; nil where there is none.
    func whole(_ buffer: inout ByteBuffer) -> ByteBuffer? {
        var (end, bytes) = (next, 0)
        while end < form.chunks, end - next < Self.group, bytes + form.sealedCount(ofChunk: end) <= buffer.readableBytes
        {
            bytes += form.sealedCount(ofChunk: end)
            end += 1
        }
        guard end > next else { return nil }
        defer { buffer.discardReadBytes() }
        return buffer.readSlice(length: bytes)
    }

    func open(_ sealed: ByteBuffer) throws -> [UInt8] {
        var sealed = sealed
        var plaintext: [UInt8] = []
        plaintext.reserveCapacity(sealed.readableBytes)
        var index = next
        while sealed.readableBytes > 0, let chunk = sealed.readBytes(length: form.sealedCount(ofChunk: index)) {
            plaintext += try sealer.open(chunk, chunk: index)
            index += 1
        }
        opened = index
        return plaintext
    }

    /// What was opened last has been delivered.
    func taken() { next = opened }
}
