import Synchronization

/// Lets tasks wait for what others change: who saw the count before looking at anything misses nothing that happens after.
///
///     while true {
///         let seen = wakeups.count
///         if let it = take() { return it }
///         await wakeups.wait(after: seen)
///     }
public final class Wakeups: Sendable {
    private struct State {
        var count: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0
    }

    private let state = Mutex(State())

    public init() {}

    public var count: UInt64 { state.withLock { $0.count } }

    public func wake() {
        let waiters = state.withLock { state in
            state.count += 1
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Until `wake` was called more than `count` times, the deadline passed, or the task is cancelled.
    public func wait(after count: UInt64, until deadline: ContinuousClock.Instant? = nil) async {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let timer = deadline.map { deadline in
            Task {
                do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
                resume(id)
            }
        }
        defer { timer?.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    let isPast = deadline.map { ContinuousClock.now >= $0 } ?? false
                    guard state.count == count, !isPast, !Task.isCancelled else { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            resume(id)
        }
    }

    private func resume(_ id: UInt64) { state.withLock { $0.waiters.removeValue(forKey: id) }?.resume() }
}
