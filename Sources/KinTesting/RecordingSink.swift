import KinBroker
import KinWire
import Synchronization

/// A connection that records what a broker says, for a test to take frame by frame.
public final class RecordingSink: FrameSink {
    public struct Closure: Hashable, Sendable {
        public let code: CloseCode
        public let reason: String

        public init(code: CloseCode, reason: String) {
            self.code = code
            self.reason = reason
        }
    }

    private struct State {
        var frames: [ReceivedFrame] = []
        /// Frames that no daemon could read.
        var unreadable: [[UInt8]] = []
        var closures: [Closure] = []
        var pauses: [Bool] = []
        var pings = 0
        var bufferedBytes = 0
        var waiters: [UInt64: Waiter] = [:]
        var lastWaiter: UInt64 = 0
    }

    private struct Waiter {
        var attempt: (inout State) -> Bool
        var giveUp: (String) -> Void
    }

    /// `@unchecked Sendable`: only touched under the lock that owns it.
    private struct Guarded: @unchecked Sendable {
        var state = State()
    }

    private let guarded = Mutex(Guarded())

    public init() {}

    // MARK: FrameSink

    public func send(_ frames: [[UInt8]]) {
        change { state in
            for bytes in frames {
                if let frame = try? ReceivedFrame(bytes) {
                    state.frames.append(frame)
                } else {
                    state.unreadable.append(bytes)
                }
            }
        }
    }

    public func close(_ code: CloseCode, reason: String) {
        change { $0.closures.append(Closure(code: code, reason: reason)) }
    }

    public var bufferedBytes: Int { read(\.bufferedBytes) }

    public func ping() { change { $0.pings += 1 } }

    public func pauseReading(_ paused: Bool) { change { $0.pauses.append(paused) } }

    // MARK: What happened

    /// Frames not taken yet.
    public var frames: [ReceivedFrame] { read(\.frames) }
    public var messages: [MeshFrame] { frames.map(\.message) }
    /// Frames that were not valid by the protocol.
    public var unreadable: [[UInt8]] { read(\.unreadable) }
    /// Every close asked for; a sound session asks once.
    public var closures: [Closure] { read(\.closures) }
    public var pauses: [Bool] { read(\.pauses) }
    /// How often a sign of life was asked for.
    public var pings: Int { read(\.pings) }

    /// Takes the first frame for which `match` has a value, waiting for one if need be; the others stay.
    public func take<T: Sendable>(
        _ what: String, within seconds: Double = 20, _ match: @escaping @Sendable (ReceivedFrame) -> T?
    ) async throws -> T {
        try await wait(for: what, seconds) { state in
            for (index, frame) in state.frames.enumerated() {
                guard let value = match(frame) else { continue }
                state.frames.remove(at: index)
                return value
            }
            return nil
        }
    }

    /// Waits until the broker closes.
    public func closure(within seconds: Double = 20) async throws -> Closure {
        try await wait(for: "a close", seconds) { $0.closures.first }
    }

    /// Waits until a sign of life was asked for so often.
    public func pinged(_ count: Int, within seconds: Double = 20) async throws {
        try await wait(for: "ping \(count)", seconds) { $0.pings >= count ? () : nil }
    }

    /// Waits until reading was paused and resumed as `pauses` says.
    public func paused(_ pauses: [Bool], within seconds: Double = 20) async throws {
        try await wait(for: "pauses \(pauses)", seconds) { $0.pauses == pauses ? () : nil }
    }

    /// Makes the peer one that has not taken so many bytes.
    public func hold(_ bytes: Int) { change { $0.bufferedBytes = bytes } }

    /// Forgets the frames not taken yet.
    public func clear() { change { $0.frames = [] } }

    /// What a test waited for did not come.
    public struct Timeout: Error, CustomStringConvertible {
        public let description: String
    }

    // MARK: Waiting

    private func read<T>(_ path: KeyPath<State, T>) -> T where T: Sendable {
        guarded.withLock { $0.state[keyPath: path] }
    }

    private func change(_ body: (inout State) -> Void) {
        guarded.withLock { guarded in
            body(&guarded.state)
            for (id, waiter) in guarded.state.waiters.sorted(by: { $0.key < $1.key }) {
                if waiter.attempt(&guarded.state) { guarded.state.waiters[id] = nil }
            }
        }
    }

    private func wait<T: Sendable>(
        for what: String, _ seconds: Double, _ attempt: @escaping @Sendable (inout State) -> T?
    ) async throws -> T {
        let id = guarded.withLock { guarded in
            guarded.state.lastWaiter += 1
            return guarded.state.lastWaiter
        }
        let deadline = Task { [weak self] in
            try await Task.sleep(for: .seconds(seconds))
            self?.giveUp(id)
        }
        defer { deadline.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            let waiter = Waiter { state in
                guard let value = attempt(&state) else { return false }
                continuation.resume(returning: value)
                return true
            } giveUp: { seen in
                continuation.resume(throwing: Timeout(description: "\(what) did not come; there is: \(seen)"))
            }
            guarded.withLock { guarded in
                if !waiter.attempt(&guarded.state) { guarded.state.waiters[id] = waiter }
            }
        }
    }

    private func giveUp(_ id: UInt64) {
        guarded.withLock { guarded in
            let types = guarded.state.frames.map(\.message.type).joined(separator: ", ")
            guarded.state.waiters.removeValue(forKey: id)?.giveUp("[\(types)], closes \(guarded.state.closures)")
        }
    }
}
