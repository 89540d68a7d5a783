import KinDaemonAPI
import Synchronization

/// Hands events to whoever listens. A listener that falls behind is cut off, and finds the rest in the inbox when it comes back.
final class EventHub: Sendable {
    /// Events a listener may be behind, and bytes of them.
    static let (backlog, backlogBytes) = (1024, 4 << 20)
    static let maxListeners = 32

    /// Between comments that tell an idle listener that the daemon lives, and the daemon that a listener is gone.
    static let heartbeat = Duration.seconds(15)

    /// An event as it is written; the bytes are the same memory for all who listen.
    struct Item: Sendable {
        /// Of a message.
        var id: Int64?
        var bytes: [UInt8]

        init(_ event: DaemonEvent) {
            id = event.id
            bytes = event.encoded()
        }

        fileprivate static let heartbeat = Item(bytes: Array(": \n\n".utf8))

        private init(bytes: [UInt8]) { self.bytes = bytes }
    }

    /// One who listens.
    struct Listener: Sendable {
        let items: AsyncStream<Item>
        fileprivate let queue: Queue

        /// Whether it fell behind: it is not told of everything.
        var isCutOff: Bool { queue.waiting.withLock { $0.isCutOff } }

        /// Says that an item waits no more.
        func took(_ item: Item) { queue.waiting.withLock { $0.bytes -= item.bytes.count } }
    }

    /// What waits for one listener. It does not hold the listener: one that goes away without a word is noticed.
    fileprivate final class Queue: Sendable {
        let waiting = Mutex((bytes: 0, isCutOff: false))
        private let continuation: AsyncStream<Item>.Continuation

        init(_ continuation: AsyncStream<Item>.Continuation) { self.continuation = continuation }

        func give(_ item: Item) {
            let fits = waiting.withLock { waiting in
                // One alone may be as large as it is.
                guard waiting.bytes == 0 || waiting.bytes + item.bytes.count <= EventHub.backlogBytes else {
                    return false
                }
                waiting.bytes += item.bytes.count
                return true
            }
            if fits {
                guard case .dropped = continuation.yield(item) else { return }
            }
            waiting.withLock { $0.isCutOff = true }
            continuation.finish()
        }

        func end() { continuation.finish() }
    }

    private struct State {
        var listeners: [Int: Queue] = [:]
        var next = 0
    }
    private let state = Mutex(State())

    /// nil when there are too many listeners.
    func listen() -> Listener? {
        state.withLock { state in
            guard state.listeners.count < Self.maxListeners else { return nil }
            let id = state.next
            state.next += 1
            let (items, continuation) = AsyncStream.makeStream(
                of: Item.self, bufferingPolicy: .bufferingOldest(Self.backlog))
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
            }
            let queue = Queue(continuation)
            state.listeners[id] = queue
            return Listener(items: items, queue: queue)
        }
    }

    /// How many listen now.
    var listeners: Int { state.withLock { $0.listeners.count } }

    func publish(_ event: DaemonEvent) {
        let listeners = all
        guard !listeners.isEmpty else { return }
        let item = Item(event)
        for listener in listeners { listener.give(item) }
    }

    /// Ends the streams of those who listen now, after what they have not heard yet.
    func end() { for listener in all { listener.end() } }

    /// Sends heartbeats until cancelled.
    func beat() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.heartbeat)
            for listener in all { listener.give(.heartbeat) }
        }
    }

    private var all: [Queue] { state.withLock { Array($0.listeners.values) } }
}
