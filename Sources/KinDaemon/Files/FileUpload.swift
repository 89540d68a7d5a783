import KinClient
import KinCrypto
import KinMailbox
import KinSession
import KinWire

/// Brings one shared file to the server, from wherever it got to.
struct FileUpload: Sendable {
    let blob: BlobUpload
    let mesh: MeshID
    let store: FileStore
    let progress: TransferBoard

    /// - Parameter reached: told how far the server is, whenever it says so.
    /// - Returns: the row with what its message needs.
    /// - Throws: `KinError`; `file_changed`, `source_…` and what the server refuses for good are final.
    func run(_ row: ShareRow, reached: (Int64) -> Void) async throws -> ShareRow {
        let source = try await Disk.run { try FileSource(row.source.path) }
        try source.check(row.source)
        let sealer = FileSealer(
            key: SecretBytes(copying: row.key), mesh: mesh, file: row.id, size: row.source.size)
        let sha256 = try await digest(of: source, row, sealer)
        let reading = FileReading(source, sealer)
        let state = try await blob.run(
            BlobCreation(
                blob: row.id, size: sealer.form.sealedSize, reader: row.destination, isPersistent: row.isPersistent),
            reading
        ) { offset, plain in
            reached(offset)
            progress.set(row.id, plain)
        } sent: { [progress] in
            progress.add(row.id, Int64($0), from: 0)
        }
        // What the server has was read by several attempts, perhaps: all of it must be the file whose hash is told.
        guard reading.digest == sha256 else { throw FileSource.changed(row.source.path) }
        try source.check(row.source)
        return try await uploaded(row, expiresAt: state.expiresAt)
    }

    /// The hash of the whole, read for it alone the first time: what is told later must be what was shared now.
    private func digest(of source: FileSource, _ row: ShareRow, _ sealer: FileSealer) async throws -> [UInt8] {
        if let known = row.sha256 { return known }
        let reading = FileReading(source, sealer)
        try await reading.skip(to: sealer.form.chunks)
        try source.check(row.source)
        let digest = reading.digest
        _ = try await store.change(row.id) {
            $0.sha256 = digest; return true
        }
        return digest
    }

    /// Noted before the message is made, so that a repeat makes the same one.
    private func uploaded(_ row: ShareRow, expiresAt: Int64?) async throws -> ShareRow {
        let now = progress.now()
        let changed = try await store.change(row.id) { row in
            guard row.status == .waiting else { return false }
            row.expiresAt = expiresAt
            row.uploadedAt = now
            return true
        }
        guard let changed, changed.status == .waiting else { throw CancellationError() }
        return changed
    }
}
