import KinBroker
import NIOConcurrencyHelpers
import Synchronization

/// How many uploads or downloads go on at once, of one member and of all: each holds a file and a buffer.
final class TransferSlots: Sendable {
    private struct State {
        var total = 0
        var each: [String: Int] = [:]
    }

    private let total: Int
    private let each: Int
    private let state = Mutex(State())

    init(total: Int, each: Int) {
        self.total = total
        self.each = each
    }

    /// A place that is free again with its last reference.
    final class Slot: Sendable {
        private let slots: TransferSlots
        private let id: String

        fileprivate init(_ slots: TransferSlots, _ id: String) {
            self.slots = slots
            self.id = id
        }

        deinit { slots.leave(id) }
    }

    /// - Throws: `server_busy`.
    func enter(_ id: String) throws(RequestRefusal) -> Slot {
        let isFree = state.withLock { state -> Bool in
            guard state.total < total, state.each[id, default: 0] < each else { return false }
            state.total += 1
            state.each[id, default: 0] += 1
            return true
        }
        guard isFree else {
            throw RequestRefusal(
                .tooManyRequests, "server_busy", "too many files at once: wait a moment", isRetryable: true)
        }
        return Slot(self, id)
    }

    private func leave(_ id: String) {
        state.withLock { state in
            state.total -= 1
            state.each[id, default: 1] -= 1
            if state.each[id] == 0 { state.each[id] = nil }
        }
    }
}

/// One append at a time for each blob. A newer one ends the older, whose sender may be long gone: what it brought is kept.
final class BlobTurns: Sendable {
    /// How long an append that is to end may take for it.
    private static let patience = Duration.seconds(10)

    final class Turn: Sendable {
        private let wish: AsyncStream<Void>
        private let end: AsyncStream<Void>.Continuation

        fileprivate init() { (wish, end) = AsyncStream.makeStream() }

        fileprivate func interrupt() { end.finish() }

        /// Until another append wants the blob.
        /// - Throws: `append_interrupted` then.
        func watch() async throws {
            for await _ in wish {}
            try Task.checkCancellation()
            throw RequestRefusal(
                .conflict, "append_interrupted", "a newer request took this one's place", isRetryable: true)
        }
    }

    private let turns = Mutex<[BlobPlace: Turn]>([:])

    /// - Throws: `append_under_way` where the older one does not end.
    func begin(_ place: BlobPlace) async throws -> Turn {
        let turn = Turn()
        try await wait(for: place) { turns in turns[place] = turn }
        return turn
    }

    func end(_ turn: Turn, _ place: BlobPlace) {
        turns.withLock { if $0[place] === turn { $0[place] = nil } }
    }

    /// Ends an append that is under way, so that where it got to is known.
    func interrupt(_ place: BlobPlace) async throws { try await wait(for: place) { _ in } }

    private func wait(for place: BlobPlace, then body: (inout [BlobPlace: Turn]) -> Void) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let older = turns.withLock { turns -> Turn? in
                guard let older = turns[place] else {
                    body(&turns)
                    return nil
                }
                return older
            }
            guard let older else { return }
            older.interrupt()
            guard ContinuousClock.now < deadline else {
                throw RequestRefusal(
                    .conflict, "append_under_way", "another request writes this file", isRetryable: true)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// Cuts off who is too slow, and whose credential was taken back.
final class TransferPace: Sendable {
    /// Bytes that have to move within the time.
    static let least = 65_536

    private let patience: Duration
    private let moved = Atomic<Int>(0)

    init(patience: Duration) { self.patience = patience }

    func move(_ count: Int) { moved.wrappingAdd(count, ordering: .relaxed) }

    /// Until cancelled.
    /// - Throws: `too_slow`, or what the caller's credential is refused for.
    func watch(_ caller: Caller) async throws {
        var (mark, since) = (0, ContinuousClock.now)
        while true {
            try await Task.sleep(for: min(patience / 4, .seconds(1)))
            try caller.recheck()
            let total = moved.load(ordering: .relaxed)
            if total - mark >= Self.least {
                (mark, since) = (total, .now)
            } else if ContinuousClock.now - since > patience {
                throw RequestRefusal(
                    .requestTimeout, "too_slow", "fewer than \(Self.least) bytes came within \(patience)",
                    isRetryable: true)
            }
        }
    }
}
