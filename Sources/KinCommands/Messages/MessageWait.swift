import KinDaemonAPI
import KinEncoding
import KinWire

/// Where a message's state comes from: the daemon, by its client.
protocol MessageSource: Sendable {
    func message(_ id: ClientMessageID) async throws -> MessageStatus
    func health() async throws -> DaemonHealth
    func peers() async throws -> DeviceList
}

extension DaemonClient: MessageSource {}

/// Waits until messages have come as far as wanted, have ended elsewhere, or the time is over.
struct MessageWait: Sendable {
    static let goals: [MessageState] = [.relayed, .delivered, .read]
    /// Between two looks, doubling from the first to the second.
    private static let pauses = (first: Duration.milliseconds(5), longest: Duration.milliseconds(250))

    struct Terms: Hashable, Sendable {
        var goal: MessageState
        var milliseconds: Int64
    }

    /// How far it came, and why not further.
    struct End: Sendable {
        var status: MessageStatus
        var failure: KinError?
    }

    let source: any MessageSource
    let terms: Terms
    private let deadline: ContinuousClock.Instant

    /// The time begins to run.
    init(source: any MessageSource, _ terms: Terms) {
        self.source = source
        self.terms = terms
        deadline = .now + .milliseconds(terms.milliseconds)
    }

    /// - Throws: where the daemon does not answer any more when the time is over.
    func wait(for id: ClientMessageID) async throws -> End {
        var pause = Self.pauses.first
        while true {
            if let status = try await look(id) {
                if hasArrived(status) { return End(status: status, failure: nil) }
                if status.status.isFailed { return End(status: status, failure: Self.ended(status)) }
                if ContinuousClock.now >= deadline { return End(status: status, failure: await timedOut(status)) }
            }
            try await Task.sleep(for: min(pause, max(.zero, deadline - .now)))
            pause = min(pause * 2, Self.pauses.longest)
        }
    }

    /// nil where the daemon is away, and there is time for it to come back.
    private func look(_ id: ClientMessageID) async throws -> MessageStatus? {
        do {
            return try await source.message(id)
        } catch let error as KinError where error.category == .unreachable && ContinuousClock.now < deadline {
            return nil
        }
    }

    private func hasArrived(_ status: MessageStatus) -> Bool {
        guard let progress = status.status.progress, let goal = terms.goal.progress else { return false }
        return progress >= goal
    }

    private static func ended(_ status: MessageStatus) -> KinError {
        let reason = status.lastError.map { ": \($0)" } ?? ""
        let words =
            switch status.status {
            case .refused: "\(status.to) did not take it\(reason)"
            case .dead: "it can never be sent\(reason)"
            default: "it was given up" + (status.supersededBy.map { ", and \($0) sent in its place" } ?? "")
            }
        return KinError("message_\(status.status.rawValue)", words, category: .refused)
    }

    private func timedOut(_ status: MessageStatus) async -> KinError {
        let reason = await reason(status)
        return KinError(
            "wait_timed_out",
            "after \(Moments.span(terms.milliseconds)) it is \(status.status.rawValue), not \(terms.goal.rawValue): \(reason)",
            category: .unreachable, retryable: true, detail: ["status": .string(status.status.rawValue)])
    }

    private func reason(_ status: MessageStatus) async -> String {
        switch status.status {
        case .queued:
            let health = try? await source.health()
            if let broker = health?.broker, !broker.connected {
                let cause = broker.lastError.map { " (\($0))" } ?? ""
                return "\(broker.address) is not connected\(cause); it goes out by itself when it is"
            }
            if status.lastError == KeyWait.code {
                return "it waits for the topic's key:  kin message \(status.clientMessageID)  says who may have it"
            }
            if let refusal = status.lastError { return "the broker refuses it for now (\(refusal)); it is tried again" }
            // Messages to one recipient go in order.
            return health?.outboxRefusal.map { "what waits before it is refused for now (\($0)), and tried again" }
                ?? "the broker has not answered; it goes out by itself"
        case .relayed:
            let peer = try? await source.peers().devices.first { $0.member == status.toMember }
            switch peer?.state {
            case .online: return "\(status.to) is connected and has not confirmed it"
            case .unknown: return "the broker is away, so it is not known whether \(status.to) has it"
            default: return "\(status.to) is not connected; it gets the message when it comes back"
            }
        default: return "nobody there has said that it was read"
        }
    }
}
