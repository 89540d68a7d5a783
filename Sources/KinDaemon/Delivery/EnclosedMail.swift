import KinCrypto
import KinEncoding
import KinMailbox
import KinWire
import Logging
import Synchronization

/// Fetches the content of messages that did not fit, and only then lets them into the inbox, with those that waited behind them.
///
/// What waits is in `inbox.db`; when it is tried again is known here alone.
final class EnclosedMail: Sendable {
    static let maxAtOnce = 4
    /// Milliseconds that a content is asked for in vain: as long as its sender may send the message again.
    static let maxAge: Int64 = 7 * 86_400_000
    /// Milliseconds to the next attempt, doubling.
    private static let pauses: (first: Int64, longest: Int64) = (500, 60_000)

    /// What is told of messages that came in.
    typealias Told = @Sendable (AwaitedArrivals) -> Void

    private struct State {
        /// The broker's, of the session that is open.
        var store: [UInt8]?
        var running: [Int64: (sender: ULID, task: Task<Void, Never>)] = [:]
        var retries: [Int64: (attempts: Int64, at: Int64)] = [:]
        /// When an attempt failed first while this process lives.
        var failingSince: [Int64: Int64] = [:]
        /// What was here when the connected store had not given so high ids, being an older copy: row and message id.
        var orphans: [Int64: Int64] = [:]
        var isIdle = false
        var isEnded = false
    }

    private let inbox: InboxStore
    private let download: @Sendable (MeshID) -> FileDownload
    private let metrics: DaemonMetrics
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())
    private let told = Mutex<Told>({ _ in })
    private let wishes: AsyncStream<Void>
    private let wish: AsyncStream<Void>.Continuation

    /// - Parameter download: by the mesh that the content was sealed in.
    init(
        inbox: InboxStore, metrics: DaemonMetrics, logger: Logger, now: @escaping @Sendable () -> Int64,
        download: @escaping @Sendable (MeshID) -> FileDownload
    ) {
        self.inbox = inbox
        self.download = download
        self.metrics = metrics
        self.logger = logger
        self.now = now
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func onArrivals(_ told: @escaping Told) { self.told.withLock { $0 = told } }

    // MARK: When

    /// - Parameters:
    ///   - store: the broker's.
    ///   - lastMessageID: the highest id it has given.
    func connected(store: [UInt8], lastMessageID: Int64) {
        // What cannot be read now is not taken for gone before the next session.
        let orphans = (try? inbox.awaited(above: lastMessageID)) ?? [:]
        state.withLock { state in
            (state.store, state.orphans) = (store, orphans)
            state.retries = [:]
        }
        look()
    }

    func disconnected() { state.withLock { $0.store = nil } }

    /// Something may be to be fetched.
    func look() {
        state.withLock { $0.isIdle = false }
        wish.yield()
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
            return state.running.values.map(\.task)
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }

    /// Begins what is due, of each sender one.
    private func begin() {
        guard state.withLock({ $0.store != nil && !$0.isIdle }) else { return }
        state.withLock { $0.isIdle = true }
        // What cannot be read now is looked at again in a second.
        guard let heads = try? inbox.awaitedHeads() else { return state.withLock { $0.isIdle = false } }
        let time = now()
        state.withLock { state in
            if !heads.isEmpty { state.isIdle = false }
            for (id, sender) in heads where state.running.count < Self.maxAtOnce && !state.isEnded {
                guard state.running[id] == nil, state.retries[id]?.at ?? 0 <= time,
                    !state.running.values.contains(where: { $0.sender == sender })
                else { continue }
                let task = Task { [self] in
                    await attempt(id)
                    ended(id)
                }
                state.running[id] = (sender, task)
            }
        }
    }

    private func ended(_ id: Int64) {
        state.withLock { _ = $0.running.removeValue(forKey: id) }
        look()
    }

    // MARK: One message

    private func attempt(_ id: Int64) async {
        do {
            if inbox.isDamaged(awaited: id) { return await settle(id, .refused(reason: Fault.malformed.rawValue)) }
            guard let awaited = try inbox.awaited(id) else { return }
            await settle(id, try await end(of: awaited))
        } catch is CancellationError {
            return
        } catch {
            delay(id, error as? KinError ?? KinError("internal", "\(type(of: error))"))
        }
    }

    /// - Throws: what passes.
    private func end(of awaited: AwaitedMessage) async throws -> AwaitedEnd {
        var incoming = awaited.incoming
        guard incoming.isEnclosed else { return .due }
        if hasExpired(awaited) { return refusal(of: awaited, .expired) }
        guard let enclosure = try? Enclosure(canonical: Array(incoming.message.body.utf8)) else {
            return refusal(of: awaited, .malformed)
        }
        do {
            let content = try await fetch(enclosure, of: incoming.message)
            guard let content = try? EnclosedContent(canonical: content) else {
                return refusal(of: awaited, .malformed)
            }
            if hasExpired(awaited) { return refusal(of: awaited, .expired) }
            incoming.message.contentType = content.contentType
            incoming.message.meta = content.meta
            incoming.message.body = content.body
            incoming.receivedAt = awaited.isHistory ? incoming.receivedAt : now()
            return .arrived(incoming)
        } catch let error as KinError where error.code == "file_tampered" {
            return refusal(of: awaited, .tampered)
        } catch let error as KinError {
            // Another store than it came from: its sender brings it there too.
            if error.code == "file_gone", isStoreOf(awaited) { return refusal(of: awaited, .gone) }
            if hasFailedForLong(awaited) { return refusal(of: awaited, .unreachable) }
            throw error
        }
    }

    /// Whether the store that is connected is the one it came from, and no older copy of it: else its sender brings it again.
    private func isStoreOf(_ awaited: AwaitedMessage) -> Bool {
        state.withLock { state in
            guard let known = awaited.store, let connected = state.store else { return false }
            return known == connected && state.orphans[awaited.id] != awaited.incoming.brokerMessageID
        }
    }

    /// What came out of history is tried for as long as it is kept.
    private func hasFailedForLong(_ awaited: AwaitedMessage) -> Bool {
        let time = now()
        let since = state.withLock { state -> Int64 in
            let since = state.failingSince[awaited.id] ?? time
            state.failingSince[awaited.id] = since
            return since
        }
        return !awaited.isHistory && time - since > Self.maxAge
    }

    private func hasExpired(_ awaited: AwaitedMessage) -> Bool {
        guard !awaited.isHistory, let end = awaited.incoming.message.expiresAt else { return false }
        return end <= now()
    }

    private func fetch(_ enclosure: Enclosure, of message: SealedMessage) async throws -> [UInt8] {
        let blob = SealedBlob(
            id: enclosure.file, mesh: message.mesh, size: enclosure.size, key: enclosure.key,
            name: "message \(message.clientMessageID)")
        var content: [UInt8] = []
        try await download(message.mesh).run(blob, from: 0) { plaintext, _ in content += plaintext }
        guard Digest.sha256(content) == enclosure.sha256 else { throw FileDownload.tampered(blob.name) }
        return content
    }

    /// Why a message is given up; the raw value is what its sender is told.
    private enum Fault: String {
        case tampered = "enclosure_tampered", gone = "enclosure_gone", unreachable = "enclosure_unreachable"
        case malformed = "enclosure_malformed", expired
    }

    private func refusal(of awaited: AwaitedMessage, _ fault: Fault) -> AwaitedEnd {
        let message = awaited.incoming.message
        metrics.inbound.note(fault == .expired ? .expired : .enclosureRefused)
        logger.warning(
            "message_refused",
            metadata: [
                "fault": .string(fault.rawValue), "id": .string(message.clientMessageID.description),
                "sender": .string(message.sender.description),
            ])
        return .refused(reason: fault.rawValue)
    }

    private func settle(_ id: Int64, _ end: AwaitedEnd) async {
        let result = await withCheckedContinuation { continuation in
            inbox.settle(id, end) { [self] result in
                if case .success(let arrivals) = result { told.withLock { $0 }(arrivals) }
                continuation.resume(returning: result)
            }
        }
        switch result {
        case .success: state.withLock { ($0.retries[id], $0.failingSince[id]) = (nil, nil) }
        case .failure(let error): delay(id, error)
        }
    }

    private func delay(_ id: Int64, _ error: KinError) {
        let time = now()
        let pause = state.withLock { state -> Int64 in
            let attempts = state.retries[id]?.attempts ?? 0
            let base = min(Self.pauses.first << min(attempts, 10), Self.pauses.longest)
            let pause = base + Int64.random(in: 0...base / 4)
            state.retries[id] = (attempts + 1, time + pause)
            return pause
        }
        logger.info(
            "enclosure_delayed", metadata: ["code": .string(error.code), "retry_in_ms": .stringConvertible(pause)])
        Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(pause + 1))
            self?.look()
        }
    }
}
