import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A value that tests wait on: a wait ends when the value meets the condition, or fails at its deadline.
public final class Observed<Value: Sendable>: Sendable {
    public struct TimedOut: Error, CustomStringConvertible {
        public let last: Value
        public var description: String { "the condition was not met in time; the last value was \(last)" }
    }

    private struct Waiter {
        let condition: @Sendable (Value) -> Bool
        let promise: EventLoopPromise<Value>
    }

    private struct State {
        var value: Value
        var waiters: [Waiter] = []
    }

    private let state: NIOLockedValueBox<State>

    public init(_ value: Value) {
        self.state = NIOLockedValueBox(State(value: value))
    }

    public var value: Value { state.withLockedValue { $0.value } }

    public func update(_ change: (inout Value) -> Void) {
        let (value, met) = state.withLockedValue { state in
            change(&state.value)
            let value = state.value
            let met = state.waiters.filter { $0.condition(value) }
            state.waiters.removeAll { $0.condition(value) }
            return (value, met)
        }
        for waiter in met { waiter.promise.succeed(value) }
    }

    @discardableResult
    public func wait(within limit: TimeAmount = .seconds(20), until condition: @escaping @Sendable (Value) -> Bool)
        async throws
        -> Value
    {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: Value.self)
        let timer = eventLoop.scheduleTask(in: limit) { promise.fail(TimedOut(last: self.value)) }
        let met = state.withLockedValue { state -> Value? in
            if condition(state.value) { return state.value }
            state.waiters.append(Waiter(condition: condition, promise: promise))
            return nil
        }
        if let met { promise.succeed(met) }
        defer { timer.cancel() }
        return try await promise.futureResult.get()
    }
}
