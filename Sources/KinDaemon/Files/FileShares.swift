import KinClient
import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinWire
import Logging
import Synchronization

/// Brings the files this device shares to the server, a few at a time, for as long as it takes; then their messages into the outbox.
final class FileShares: Sendable {
    static let maxAtOnce = 2
    /// Milliseconds that a share is tried: seven days.
    static let maxAge: Int64 = 7 * 86_400_000
    /// Milliseconds to the next attempt, doubling.
    private static let pauses: (first: Int64, longest: Int64) = (500, 60_000)

    private struct State {
        var running: [ULID: Task<Void, Never>] = [:]
        /// How far the server was seen to be, and whether it came further since the last failure.
        var reached: [ULID: Int64] = [:]
        var advanced: Set<ULID> = []
        /// Whether there may be something to do.
        var isIdle = false
        var wasConnected = false
        var isEnded = false
    }

    private let store: FileStore
    private let upload: FileUpload
    private let client: BlobClient
    private let acceptance: Acceptance
    private let board: StatusBoard
    private let metrics: DaemonMetrics
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let changed: @Sendable (ShareRow) -> Void
    private let state = Mutex(State())
    private let wishes: AsyncStream<Void>
    private let wish: AsyncStream<Void>.Continuation

    /// - Parameter changed: told of each share that is done, one way or the other.
    init(
        store: FileStore, upload: FileUpload, client: BlobClient, acceptance: Acceptance, board: StatusBoard,
        metrics: DaemonMetrics, logger: Logger, now: @escaping @Sendable () -> Int64,
        changed: @escaping @Sendable (ShareRow) -> Void
    ) {
        self.store = store
        self.upload = upload
        self.client = client
        self.acceptance = acceptance
        self.board = board
        self.metrics = metrics
        self.logger = logger
        self.now = now
        self.changed = changed
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes a share: on disk when it returns.
    func add(_ row: ShareRow) async throws {
        try await store.add(row)
        look()
    }

    /// Until cancelled.
    func run() async {
        let ticker = Task {
            while !Task.isCancelled {
                wish.yield()
                try? await Task.sleep(for: .seconds(1))
            }
        }
        for await _ in wishes { begin() }
        ticker.cancel()
        let running = state.withLock { state in
            state.isEnded = true
            return Array(state.running.values)
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }

    /// What a server lost with its store is brought again.
    /// - Parameter lastMessageID: the highest id the server has given.
    func connected(store identity: [UInt8], lastMessageID: Int64) {
        Task {
            do {
                let again = try await store.moved(
                    to: identity, of: upload.mesh, lastMessageID: lastMessageID, now: now())
                guard again > 0 else { return }
                logger.notice("files_shared_again", metadata: ["count": .stringConvertible(again)])
                look()
            } catch {
                // The next connection tries again.
                logger.error("files_unwritable", metadata: ["error": .string("\(error)")])
            }
        }
    }

    private func look() {
        state.withLock { $0.isIdle = false }
        wish.yield()
    }

    /// Begins what is due, where the server is there.
    private func begin() {
        let isConnected = board.broker().connected
        let (isDue, isBack) = state.withLock { state in
            let isBack = isConnected && !state.wasConnected
            state.wasConnected = isConnected
            return (isConnected && !state.isIdle, isBack)
        }
        // What cannot be read now is looked at again in a second.
        guard isDue, let waiting = try? store.waiting() else { return }
        let time = now()
        state.withLock { state in
            state.isIdle = waiting.isEmpty
            for row in waiting where state.running.count < Self.maxAtOnce && !state.isEnded {
                guard state.running[row.id] == nil, isBack || row.nextAttemptAt ?? 0 <= time else { continue }
                state.running[row.id] = Task { [self] in
                    await attempt(row)
                    ended(row.id)
                }
            }
        }
    }

    private func ended(_ id: ULID) {
        upload.progress.end(id)
        let isDone = (try? store.row(id)).flatMap { $0 }?.status != .waiting
        state.withLock { state in
            state.running[id] = nil
            if isDone { state.reached[id] = nil }
        }
        look()
    }

    // MARK: One share

    private func attempt(_ row: ShareRow) async {
        do {
            guard now() - row.triedSince < Self.maxAge else {
                throw KinError("max_age", "it could not be shared for seven days")
            }
            let uploaded = try await upload.run(row) { [self] in reached($0, row.id) }
            // What is at the server is not given up for a store of this machine's.
            do { try await tell(uploaded) } catch { await delay(row, Self.known(error)) }
        } catch is CancellationError {
            return
        } catch {
            let error = Self.known(error)
            if !Self.isFinal(error) {
                await delay(row, error)
            } else if row.isBroughtAgain {
                await leave(row, error)
            } else {
                await kill(row, error)
            }
        }
    }

    private static func known(_ error: any Error) -> KinError {
        error as? KinError ?? KinError("internal", "\(type(of: error))")
    }

    /// The file is at the server: its message goes as every other.
    private func tell(_ row: ShareRow) async throws {
        guard let sha256 = row.sha256, let id = ClientMessageID(row.id.description) else {
            throw KinError("internal", "the share has no hash")
        }
        let file = SharedFile(
            file: row.id, name: row.name, size: row.source.size, sha256: sha256, key: row.key,
            expiresAt: row.expiresAt, mediaType: row.mediaType, message: row.message)
        // Whatever the outbox answers, it has the message.
        _ = try await acceptance.accept(Self.request(id, file, to: row.destination, acceptance))
        let time = now()
        let done = try await store.change(row.id) { row in
            guard row.status == .waiting else { return false }
            (row.status, row.finishedAt, row.lastError, row.nextAttemptAt) = (.sent, time, nil, nil)
            return true
        }
        metrics.files["shared"].add()
        if let done { changed(done) }
    }

    static func request(
        _ id: ClientMessageID, _ file: SharedFile, to destination: Destination, _ acceptance: Acceptance
    ) -> OutboxRequest {
        acceptance.request(
            id, OutboxRow.Lane(destination: destination, priority: .next),
            OutboxRow.Content(
                body: String(decoding: file.canonicalBytes(), as: UTF8.self), contentType: SharedFile.contentType))
    }

    /// What moves is not slowed down, however often it is cut.
    private func reached(_ offset: Int64, _ id: ULID) {
        state.withLock { state in
            if offset > state.reached[id] ?? 0 { state.advanced.insert(id) }
            state.reached[id] = offset
        }
    }

    private func delay(_ row: ShareRow, _ error: KinError) async {
        let attempts = state.withLock { $0.advanced.remove(row.id) } == nil ? row.attempts : 0
        let base = min(Self.pauses.first << min(attempts, 10), Self.pauses.longest)
        let pause = base + Int64.random(in: 0...base / 4)
        let until = now() + pause
        _ = try? await store.change(row.id) { row in
            guard row.status == .waiting else { return false }
            row.attempts = attempts + 1
            row.nextAttemptAt = until
            row.lastError = error.code
            return true
        }
        logger.info(
            "file_share_delayed",
            metadata: [
                "id": .string(row.id.description), "code": .string(error.code), "until": .stringConvertible(until),
            ])
        Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(pause + 1))
            self?.look()
        }
    }

    /// What was at the server once cannot be brought there again: who has fetched it has it.
    private func leave(_ row: ShareRow, _ error: KinError) async {
        let time = now()
        let left = try? await store.change(row.id) { row in
            guard row.status == .waiting else { return false }
            (row.status, row.finishedAt, row.lastError, row.nextAttemptAt) = (.sent, time, error.code, nil)
            row.key = []
            return true
        }
        logger.warning(
            "file_not_brought_again", metadata: ["id": .string(row.id.description), "code": .string(error.code)])
        if let left { changed(left) }
    }

    private func kill(_ row: ShareRow, _ error: KinError) async {
        let time = now()
        let dead = try? await store.change(row.id) { row in
            guard row.status == .waiting else { return false }
            (row.status, row.finishedAt, row.lastError, row.nextAttemptAt) = (.dead, time, error.code, nil)
            row.key = []
            return true
        }
        metrics.files["dead"].add()
        logger.warning(
            "file_share_dead", metadata: ["id": .string(row.id.description), "code": .string(error.code)])
        // What came there is of no use; where this fails the server drops it after a day.
        try? await client.delete(row.id)
        if let dead { changed(dead) }
    }

    /// Whether no repeat can succeed.
    static func isFinal(_ error: KinError) -> Bool {
        // The server learns of this device when it connects, of the recipient when that does, and may lose a file.
        let passing = [
            "token_key_unknown", "key_not_valid", "not_a_member", "unknown_member", "not_in_topic", "unknown_blob",
            "internal",
        ]
        return !error.retryable && !passing.contains(error.code) && error.category != .unreachable
            && error.category != .exhausted
    }

    // MARK: Deleting

    /// Deletes a file at the server, or gives up a share that is not there yet.
    /// - Returns: the row as it is then.
    func delete(_ id: ULID) async throws -> ShareRow? {
        guard try store.row(id) != nil else { return nil }
        let time = now()
        let row = try await store.change(id) { row in
            guard row.status == .waiting else { return false }
            (row.status, row.finishedAt, row.nextAttemptAt) = (.deleted, time, nil)
            row.key = []
            return true
        }
        let task = state.withLock { $0.running[id] }
        task?.cancel()
        await task?.value
        do {
            try await client.delete(id)
        } catch let error as KinError where error.code == "unknown_blob" {
            // It was not there, or is not any more.
        } catch let error as KinError where row?.status == .deleted && error.retryable {
            // Of what was never whole nobody was told: the server drops it after a day.
        }
        return try await store.change(id) { row in
            guard row.status != .deleted else { return false }
            (row.status, row.finishedAt) = (.deleted, time)
            row.key = []
            return true
        }
    }
}
