import KinDaemonAPI
import KinWire
import Synchronization

/// Sends the lines one after the other, kills while they flow, and watches them arrive.
struct LineStream: Sendable {
    /// How long nothing may arrive, and no line be accepted.
    private static let stallLimit = Duration.seconds(60)
    private static let prefix = "demo-"

    let lines: [String]
    let plan: KillPlan
    let stage: DemoStage
    let notify: @Sendable (DemoEvent) -> Void

    /// Lines that laptop's daemon has accepted.
    private let accepted = Counter()

    private final class Counter: Sendable {
        private let count = Atomic(0)
        var value: Int { count.load(ordering: .relaxed) }
        func advance() { count.add(1, ordering: .relaxed) }
    }

    init(lines: [String], plan: KillPlan, stage: DemoStage, notify: @escaping @Sendable (DemoEvent) -> Void) {
        self.lines = lines
        self.plan = plan
        self.stage = stage
        self.notify = notify
    }

    static func clientMessageID(of index: Int) -> String { "\(prefix)\(index + 1)" }

    /// - Returns: the time from the first send to the last arrival.
    func run() async throws -> Duration {
        let start = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Duration?.self) { group in
            group.addTask {
                try await send()
                return nil
            }
            group.addTask {
                try await watch()
                return ContinuousClock.now - start
            }
            return try await group.reduce(Duration.zero) { $0 + ($1 ?? .zero) }
        }
    }

    /// Kills run beside the sending; one must be over before the next.
    private func send() async throws {
        let client = stage.client(of: .laptop)
        try await withThrowingTaskGroup(of: Void.self) { kills in
            for (index, line) in lines.enumerated() {
                if let part = plan.kills[index] {
                    _ = try await kills.next()
                    notify(.killed(part, sent: index))
                    kills.addTask { try await stage.kill(part) }
                }
                try await send(line, index, through: client)
                accepted.advance()
            }
            try await kills.waitForAll()
        }
    }

    /// The same id again and again until the daemon has it on disk: a repeat changes nothing.
    private func send(_ line: String, _ index: Int, through client: DaemonClient) async throws {
        var request = SendRequest(to: DemoPart.studio.rawValue, message: line)
        request.clientMessageID = ClientMessageID(Self.clientMessageID(of: index))
        let deadline = ContinuousClock.now + Self.stallLimit
        while true {
            do {
                _ = try await client.send(request)
                return
            } catch let error as KinError where error.retryable || error.category == .unreachable {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private func watch() async throws {
        let studio = stage.client(of: .studio)
        var best = 0
        var lastMove = ContinuousClock.now
        while best < lines.count {
            try await stage.checkAlive()
            // While studio is being started again it does not answer.
            let received = (try? await studio.health()).map { Int(clamping: $0.inboxCount) } ?? best
            if received > best { (best, lastMove) = (received, .now) }
            notify(.progress(sent: accepted.value, received: best, total: lines.count))
            guard ContinuousClock.now - lastMove < Self.stallLimit else { throw stalled(received: best) }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func stalled(received: Int) -> KinError {
        KinError(
            "demo_stalled",
            "nothing arrived for \(Self.stallLimit.components.seconds) s: of \(lines.count) lines, laptop accepted \(accepted.value), studio has \(received); look again with --keep"
        )
    }

    /// Studio's whole inbox.
    func arrivals() async throws -> [Delivery.Arrival] {
        let studio = stage.client(of: .studio)
        var parameters = InboxParameters(limit: InboxParameters.maxLimit)
        var arrivals: [Delivery.Arrival] = []
        while true {
            let page = try await studio.inbox(parameters)
            arrivals += page.messages.map { message in
                Delivery.Arrival(index: Self.index(of: message.clientMessageID), body: message.body)
            }
            guard let cursor = page.cursor else { return arrivals }
            parameters.cursor = cursor
        }
    }

    private static func index(of id: ClientMessageID) -> Int? {
        guard id.description.hasPrefix(prefix) else { return nil }
        return Int(id.description.dropFirst(prefix.count)).map { $0 - 1 }
    }
}
