import Hummingbird
import KinIdentity
import KinWire
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// The local API as a part of the daemon that ends in order: on its Unix socket, and on 127.0.0.1 where that is wanted.
struct LocalAPI: Sendable {
    /// How long requests under way, and listeners that have not heard everything, may hold up the daemon's end.
    static let patience = Duration.seconds(1)

    private let group: ServiceGroup
    private let events: EventHub
    private let ended: AsyncStream<Void>
    private let hasEnded: AsyncStream<Void>.Continuation

    init(_ listeners: [any Service], events: EventHub) {
        let silent = Logger(label: "api") { _ in SwiftLogNoOpLogHandler() }
        group = ServiceGroup(
            configuration: .init(services: listeners.map { .init(service: $0) }, logger: silent))
        self.events = events
        (ended, hasEnded) = AsyncStream.makeStream()
    }

    /// Until it is ended, or cancelled.
    func run() async throws {
        defer { hasEnded.finish() }
        try await group.run()
    }

    /// Takes no more requests, and finishes those under way.
    func end() async {
        events.end()
        await group.triggerGracefulShutdown()
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { for await _ in ended {} }
            tasks.addTask { try? await Task.sleep(for: Self.patience) }
            await tasks.next()
            tasks.cancelAll()
        }
    }
}

/// Waits until every listener answers.
final class LocalListeners: Sendable {
    private let missing: Mutex<Int>
    private let onReady: @Sendable () -> Void

    init(_ count: Int, onReady: @escaping @Sendable () -> Void) {
        missing = Mutex(count)
        self.onReady = onReady
    }

    func oneIsReady() {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast { onReady() }
    }
}
