import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinSession
import KinWire
import Logging
import NIOCore
import Synchronization

/// Received files, written where they are wanted or handed out as they come.
struct FileFetching: Sendable {
    static let maxAtOnce = 2

    let inbox: InboxStore
    /// By the mesh the file was sealed in.
    let download: @Sendable (MeshID) -> FileDownload
    let progress: TransferBoard
    let metrics: DaemonMetrics
    let logger: Logger
    private let running = Running()

    init(
        inbox: InboxStore, progress: TransferBoard, metrics: DaemonMetrics, logger: Logger,
        download: @escaping @Sendable (MeshID) -> FileDownload
    ) {
        self.inbox = inbox
        self.download = download
        self.progress = progress
        self.metrics = metrics
        self.logger = logger
    }

    /// - Throws: `unknown_file`.
    func file(_ id: ULID) throws -> ReceivedFile {
        guard let file = try inbox.file(id) else {
            throw KinError(
                "unknown_file", "no file \(id) was shared with this device:  kin files  lists those that were",
                category: .notFound)
        }
        return file
    }

    /// What is needed to write a file; checked before anything is fetched.
    func part(of received: ReceivedFile, for out: String) async throws -> FilePart {
        try await Disk.run { try FilePart(of: received.file.file, for: out) }
    }

    /// Writes a file, from wherever it got to before.
    /// - Parameter report: called with the bytes that are there.
    func write(
        _ received: ReceivedFile, into part: FilePart, report: @escaping @Sendable (Int64) -> Void
    ) async throws -> FileGot {
        try await turn(received.file) {
            do {
                try await fill(part, received, report)
            } catch let error as KinError {
                // What cannot be gone on with is not kept.
                if ["file_tampered", "file_gone"].contains(error.code) { part.remove() }
                throw error
            }
            try await Disk.run { try part.finish() }
            return received.got(at: part.out)
        }
    }

    private func fill(
        _ part: FilePart, _ received: ReceivedFile, _ report: @escaping @Sendable (Int64) -> Void
    ) async throws {
        let file = received.file
        let (chunk, hash) = try await Disk.run { try Self.resume(part, file.form) }
        if try await fill(part, received, from: chunk, hash, report) { return }
        // What was here before was not what had been written: all of it comes again.
        guard chunk > 0 else { throw FileDownload.tampered(file.name.description) }
        try await Disk.run { try part.truncate(to: 0) }
        guard try await fill(part, received, from: 0, SHA256Stream(), report) else {
            throw FileDownload.tampered(file.name.description)
        }
    }

    /// - Returns: whether the whole is what was shared.
    private func fill(
        _ part: FilePart, _ received: ReceivedFile, from chunk: Int64, _ hash: SHA256Stream,
        _ report: @escaping @Sendable (Int64) -> Void
    ) async throws -> Bool {
        let file = received.file
        let start = file.form.plainOffset(ofChunk: chunk)
        try await Disk.run { try part.checkRoom(for: file.size - start) }
        let sum = Mutex(hash)
        note(file.file, start, report)
        try await download(received.mesh).run(received.blob, from: chunk) { plaintext, offset in
            try await Disk.run { try part.write(plaintext, at: offset) }
            sum.withLock { $0.update(plaintext) }
            note(file.file, offset + Int64(plaintext.count), report)
        }
        return sum.withLock { $0.digest } == file.sha256
    }

    private func note(_ id: ULID, _ bytes: Int64, _ report: (Int64) -> Void) {
        progress.set(id, bytes)
        report(bytes)
    }

    /// The first chunk that is not there, and the hash of those that are.
    private static func resume(
        _ part: FilePart, _ form: SealedFileForm
    ) throws -> (chunk: Int64, hash: SHA256Stream) {
        let size = part.size
        let isWhole = size == form.size && size > 0
        let chunk = isWhole ? form.chunks : size > form.size ? 0 : size / Int64(SealedFileForm.chunkBytes)
        let start = form.plainOffset(ofChunk: chunk)
        try part.truncate(to: start)
        return (chunk, try part.hash(through: start))
    }

    /// Hands a file out as it comes. The last piece is held back until the whole is known to be what was shared.
    func stream(_ received: ReceivedFile, write: (ByteBuffer) async throws -> Void) async throws {
        try await turn(received.file) {
            let file = received.file
            var hash = SHA256Stream()
            try await download(received.mesh).run(received.blob, from: 0) { plaintext, offset in
                hash.update(plaintext)
                if offset + Int64(plaintext.count) == file.size, hash.digest != file.sha256 {
                    throw FileDownload.tampered(file.name.description)
                }
                progress.set(file.file, offset + Int64(plaintext.count))
                try await write(ByteBuffer(bytes: plaintext))
            }
        }
    }

    /// Few at a time: others wait.
    private func turn<T>(_ file: SharedFile, _ body: () async throws -> T) async throws -> T {
        while !running.enter() { try await Task.sleep(for: .milliseconds(50)) }
        defer {
            running.leave()
            progress.end(file.file)
        }
        do {
            let result = try await body()
            metrics.files["fetched"].add()
            progress.note(file.file, isThere: true)
            return result
        } catch let error as KinError where error.code == "file_gone" {
            progress.note(file.file, isThere: false)
            throw error
        } catch let error as KinError where error.code == "file_tampered" {
            metrics.files["tampered"].add()
            logger.error("file_tampered", metadata: ["id": .string(file.file.description)])
            throw error
        }
    }

    private final class Running: Sendable {
        private let count = Mutex(0)

        func enter() -> Bool {
            count.withLock { count in
                guard count < FileFetching.maxAtOnce else { return false }
                count += 1
                return true
            }
        }

        func leave() { count.withLock { $0 -= 1 } }
    }
}

extension ReceivedFile {
    var blob: SealedBlob {
        SealedBlob(id: file.file, mesh: mesh, size: file.size, key: file.key, name: file.name.description)
    }

    func got(at out: String) -> FileGot {
        FileGot(id: file.file, out: out, name: file.name, size: file.size, sha256: file.sha256)
    }
}
