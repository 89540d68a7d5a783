import Foundation
import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinWire

/// What the local API asks of files (docs/protocol/local-api.md, "Files").
struct FileService: Sendable {
    let store: FileStore
    let shares: FileShares
    let fetching: FileFetching
    let acceptance: Acceptance
    let addressing: Addressing
    let inbox: InboxStore
    let outbox: OutboxStore
    let progress: TransferBoard
    /// Bytes of a sealed file that the broker takes, once it said so.
    let blobBytes: @Sendable () -> Int64?
    /// Milliseconds.
    let now: @Sendable () -> Int64

    // MARK: Sharing

    /// Takes a file to be shared: all checks first, so that a refused request leaves nothing behind.
    func share(_ request: FileShareRequest) async throws -> FileInfo {
        let destination = try addressing.destination(request.to)
        let facts = try await Disk.run { try FileSource(request.path).facts }
        guard let name = FileName((request.path as NSString).lastPathComponent) else {
            throw KinError(
                "file_name_invalid",
                "a shared file's name has no controls and at most 255 bytes: copy it to another name",
                category: .usage)
        }
        try checkSize(facts.size)
        let row = ShareRow(
            id: ULID(milliseconds: now(), randomness: Random.bytes(10)), destination: destination, source: facts,
            name: name, key: Random.bytes(SealedFileForm.keyBytes), mediaType: request.mediaType,
            message: request.message, isPersistent: request.isPersistent, createdAt: now())
        try checkMessage(row)
        try await shares.add(row)
        return try info(row)
    }

    private func checkSize(_ size: Int64) throws {
        let sealed = SealedFileForm(size: size).sealedSize
        guard let limit = blobBytes(), sealed > limit else { return }
        throw KinError(
            "file_too_large", "the file takes \(sealed) bytes sealed, and the server takes \(limit)",
            category: .tooLarge, detail: ["limit": .integer(limit), "size": .integer(sealed)])
    }

    /// Its message must fit, whatever the hash will be.
    private func checkMessage(_ row: ShareRow) throws {
        let file = SharedFile(
            file: row.id, name: row.name, size: row.source.size, sha256: [UInt8](repeating: 0, count: 32), key: row.key,
            expiresAt: 1 << 52, mediaType: row.mediaType, message: row.message)
        try acceptance.checkSize(
            FileShares.request(try acceptance.freshID(), file, to: row.destination, acceptance))
    }

    /// - Throws: `unknown_file`, `not_owner`, `server_unreachable`.
    func delete(_ id: ULID) async throws -> FileInfo {
        if let row = try await shares.delete(id) { return try info(row) }
        _ = try fetching.file(id)
        throw KinError("not_owner", "only who shared a file can delete it", category: .refused)
    }

    // MARK: Listing

    /// The newest first: sent and received together, by their ids.
    func list(below id: ULID?, limit: Int) throws -> FileList {
        let sent = try store.newest(below: id, limit: limit + 1).map { try info($0) }
        let received = try inbox.newestFiles(below: id, limit: limit + 1).map { info($0) }
        // What was shared with oneself is in both, and shown as both.
        let all = (sent + received).sorted { $0.id.description > $1.id.description }
        guard all.count > limit else { return FileList(files: all, cursor: nil) }
        var end = limit
        while end > 1, all[end - 1].id == all[end].id { end -= 1 }
        return FileList(files: Array(all[..<end]), cursor: all[end - 1].id.description)
    }

    func find(_ id: ULID) throws -> FileInfo? {
        try store.row(id).map { try info($0) } ?? inbox.file(id).map { info($0) }
    }

    func info(_ row: ShareRow) throws -> FileInfo {
        var (status, error) = (FileInfo.Status.waiting, row.lastError)
        switch row.status {
        case .waiting: status = progress[row.id] == nil ? .waiting : .uploading
        case .dead: status = .dead
        case .deleted: status = .deleted
        case .sent:
            let message = try ClientMessageID(row.id.description).flatMap { try outbox.row($0) }
            status = message.map { Self.status($0.state) } ?? .relayed
            error = message.flatMap { $0.refusedReason ?? $0.lastError }
        }
        var info = FileInfo(
            id: row.id, direction: .sent, name: row.name, size: row.source.size, status: status,
            transferred: row.uploadedAt == nil ? progress[row.id] ?? 0 : row.source.size,
            peer: addressing.family.name(of: row.destination), peerMember: row.member, message: row.message,
            mediaType: row.mediaType, createdAt: row.createdAt, expiresAt: row.expiresAt, lastError: error,
            nextAttemptAt: row.nextAttemptAt)
        if case .topic(let topic) = row.destination { info.topic = topic }
        return info
    }

    func info(_ received: ReceivedFile) -> FileInfo {
        var info = FileInfo(received.row, received.file, addressing.family)
        if progress.isMissing(info.id) { info.status = .gone }
        if info.expiresAt.map({ $0 <= now() }) ?? false { info.status = .expired }
        if let bytes = progress[info.id] { (info.status, info.transferred) = (.downloading, bytes) }
        return info
    }

    private static func status(_ state: MessageState) -> FileInfo.Status {
        switch state {
        case .queued: .queued
        case .relayed: .relayed
        case .delivered: .delivered
        case .read: .read
        case .refused: .refused
        case .dead, .aborted: .dead
        }
    }
}

extension ShareRow {
    /// The one device it is for.
    fileprivate var member: ULID? { if case .dm(let member) = destination { member } else { nil } }
}

extension FileInfo {
    /// A file's message that came; nil where it is none.
    init?(received row: InboxRow, in family: Family) {
        guard row.contentType == SharedFile.contentType, let file = try? SharedFile(canonical: Array(row.body.utf8)),
            file.file.description == row.clientMessageID.description
        else { return nil }
        self.init(row, file, family)
    }

    init(_ row: InboxRow, _ file: SharedFile, _ family: Family) {
        self.init(
            id: file.file, direction: .received, name: file.name, size: file.size, status: .available,
            peer: family.name(ofSender: row), peerMember: row.senderMember, message: file.message,
            mediaType: file.mediaType, createdAt: row.createdAt, expiresAt: file.expiresAt)
        topic = row.topic
    }
}
