import KinDaemonAPI
import Synchronization

/// Hands events to whoever listens. A listener that falls behind is cut off, and finds the rest in the inbox when it comes back.
final class EventHub: Sendable {
    /// Events a listener may be behind.
    static let backlog = 1024
    static let maxListeners = 32

    /// Between comments that tell an idle listener that the daemon lives, and the daemon that a listener is gone.
    static let heartbeat = Duration.seconds(15)

    enum Item: Sendable {
        case event(DaemonEvent)
        case heartbeat
    }

    private struct State {
        var listeners: [Int: AsyncStream<Item>.Continuation] = [:]
        var next = 0
    }
    private let state = Mutex(State())

    /// nil when there are too many listeners.
    func listen() -> AsyncStream<Item>? {
        state.withLock { state in
            guard state.listeners.count < Self.maxListeners else { return nil }
            let (stream, continuation) = AsyncStream.makeStream(
                of: Item.self, bufferingPolicy: .bufferingOldest(Self.backlog))
            let id = state.next
            state.next += 1
            state.listeners[id] = continuation
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
            }
            return stream
        }
    }

    /// How many listen now.
    var listeners: Int { state.withLock { $0.listeners.count } }

    func publish(_ event: DaemonEvent) { yield(.event(event)) }

    /// Ends the streams of those who listen now, after what they have not heard yet.
    func end() {
        let continuations = state.withLock { Array($0.listeners.values) }
        for continuation in continuations { continuation.finish() }
    }

    /// Sends heartbeats until cancelled.
    func beat() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.heartbeat)
            yield(.heartbeat)
        }
    }

    private func yield(_ item: Item) {
        let continuations = state.withLock { Array($0.listeners.values) }
        for continuation in continuations {
            if case .dropped = continuation.yield(item) { continuation.finish() }
        }
    }
}
