import Hummingbird
import KinWire
import NIOCore
import Synchronization

/// How many requests of one listener are answered at once, and how fast they may come.
final class RequestFlow: Sendable {
    struct Limits: Sendable {
        var inFlight: Int
        /// nil: as fast as they come.
        var rate: Rate?

        struct Rate: Sendable {
            var perSecond: Double
            var burst: Double
        }

        static let tcp = Limits(inFlight: 64, rate: Rate(perSecond: 100, burst: 1000))
        static let socket = Limits(inFlight: 1024, rate: nil)
    }

    private struct State {
        var inFlight = 0
        var room: Double
        var last: ContinuousClock.Instant
    }

    private let limits: Limits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<State>

    init(_ limits: Limits, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.limits = limits
        self.now = now
        state = Mutex(State(room: limits.rate?.burst ?? 0, last: now()))
    }

    /// A request that is answered; it is no more once nobody holds this.
    final class Passage: Sendable {
        private let flow: RequestFlow

        fileprivate init(_ flow: RequestFlow) { self.flow = flow }

        deinit { flow.state.withLock { $0.inFlight -= 1 } }
    }

    /// - Throws: `rate_limited`, `daemon_busy`.
    func enter() throws -> Passage {
        let time = now()
        let refusal = state.withLock { state -> LocalRefusal? in
            if let rate = limits.rate {
                let passed = time - state.last
                state.last = time
                state.room = min(rate.burst, state.room + rate.perSecond * (passed / .seconds(1)))
                guard state.room >= 1 else { return Self.tooFast }
                state.room -= 1
            }
            guard state.inFlight < limits.inFlight else { return Self.busy(limits.inFlight) }
            state.inFlight += 1
            return nil
        }
        if let refusal { throw refusal }
        return Passage(self)
    }

    private static let tooFast = LocalRefusal(
        .tooManyRequests,
        KinError(
            "rate_limited", "over TCP 100 requests a second are answered: wait a second, or use the Unix socket",
            category: .busy, retryable: true), headers: [.retryAfter: "1"])

    private static func busy(_ limit: Int) -> LocalRefusal {
        LocalRefusal(
            .tooManyRequests,
            KinError(
                "daemon_busy", "\(limit) requests are being answered: wait for one of them", category: .busy,
                retryable: true), headers: [.retryAfter: "1"])
    }
}
