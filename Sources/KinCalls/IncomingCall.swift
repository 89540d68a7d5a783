public import KinEncoding
public import KinWire
import Synchronization

/// A call that the other side of a stream makes.
public final class IncomingCall: Sendable {
    private struct State {
        var credit: Int
        var count = 0
    }

    let id: ULID
    public let request: CallRequest
    private let stream: CallStream
    private let state: Mutex<State>
    private let wakeups = Wakeups()

    init(_ id: ULID, _ request: CallRequest, on stream: CallStream) {
        self.id = id
        self.request = request
        self.stream = stream
        state = Mutex(State(credit: request.credit ?? 1))
    }

    /// Who asks.
    public var caller: Caller { stream.caller }
    public var operation: OperationPath { request.operation }
    public var input: JSON { request.input }
    /// Whether the first answer is the last.
    public var endsWithFirst: Bool { request.credit == nil }

    /// Whether an answer was given that is the last.
    public var isAnswered: Bool { endsWithFirst && state.withLock { $0.count > 0 } }

    /// Gives an answer, once the other side takes one more.
    /// - Throws: `CancellationError` where nobody waits for it any more, or the last was given; a fault where the stream has ended.
    public func respond(_ output: JSON) async throws {
        while true {
            let seen = wakeups.count
            try Task.checkCancellation()
            if isAnswered { throw CancellationError() }
            let isDue = state.withLock { state in
                guard state.credit > 0 else { return false }
                state.credit -= 1
                state.count += 1
                return true
            }
            if isDue {
                try await stream.send(id, .responded(output: output))
                return endsWithFirst ? stream.answered(self) : ()
            }
            await wakeups.wait(after: seen)
        }
    }

    func grant(_ events: Int) {
        state.withLock { $0.credit = min($0.credit + events, CallLimits.maxCredit) }
        wakeups.wake()
    }

    /// How it ends where its handler is done; nil: its answer was the end.
    func ending() throws -> CallEvent? {
        guard endsWithFirst else { return .completed }
        guard isAnswered else { throw CallFault(.internal, "the operation ended without an answer") }
        return nil
    }
}
