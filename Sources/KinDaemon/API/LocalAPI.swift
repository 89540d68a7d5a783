import Hummingbird
import Logging
import ServiceLifecycle

/// The local API as a part of the daemon that ends in order.
struct LocalAPI: Sendable {
    /// How long requests under way, and listeners that have not heard everything, may hold up the daemon's end.
    static let patience = Duration.seconds(1)

    private let group: ServiceGroup
    private let events: EventHub
    private let ended: AsyncStream<Void>
    private let hasEnded: AsyncStream<Void>.Continuation

    init(_ application: some ApplicationProtocol, events: EventHub) {
        let silent = Logger(label: "api") { _ in SwiftLogNoOpLogHandler() }
        group = ServiceGroup(configuration: .init(services: [.init(service: application)], logger: silent))
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
