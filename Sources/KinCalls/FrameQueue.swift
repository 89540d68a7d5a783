public import KinWire
import Synchronization

/// Frames on their way to whoever carries them. Who sends more than is carried waits.
public final class FrameQueue: CallCarrier {
    private struct State {
        var frames: [[UInt8]] = []
        /// Frames of `frames` that were taken.
        var taken = 0
        var byteCount = 0
        var end: CallFault?

        mutating func take() -> [UInt8]? {
            guard taken < frames.count else { return nil }
            let frame = frames[taken]
            frames[taken] = []
            taken += 1
            byteCount -= frame.count
            if taken == frames.count || taken >= 1_024 {
                frames.removeFirst(taken)
                taken = 0
            }
            return frame
        }
    }

    /// Bytes above which whoever sends waits.
    static let maxBytes = 1 << 20

    /// Woken at each change.
    public let changes = Wakeups()
    private let state = Mutex(State())

    public init() {}

    /// - Throws: why nothing is carried any more; `ABORTED` where the task is cancelled while it waits.
    public func send(_ frame: [UInt8]) async throws(CallFault) {
        while true {
            let seen = changes.count
            if try append(frame) { return changes.wake() }
            if Task.isCancelled { throw CallFault(.aborted, "the call was given up here") }
            await changes.wait(after: seen)
        }
    }

    /// - Returns: whether there was room.
    private func append(_ frame: [UInt8]) throws(CallFault) -> Bool {
        let (isTaken, end) = state.withLock { state in
            guard state.end == nil, state.byteCount < Self.maxBytes else { return (false, state.end) }
            state.frames.append(frame)
            state.byteCount += frame.count
            return (true, nil)
        }
        if let end { throw end }
        return isTaken
    }

    /// The next frame, where there is one.
    public func take() -> [UInt8]? {
        let (frame, hasRoom) = state.withLock { state in
            let wasFull = state.byteCount >= Self.maxBytes
            let frame = state.take()
            return (frame, wasFull && state.byteCount < Self.maxBytes)
        }
        if hasRoom { changes.wake() }
        return frame
    }

    /// Waits for the next frame; nil: it is over, and all of them were taken, or the task is cancelled.
    public func next() async -> [UInt8]? {
        while !Task.isCancelled {
            let seen = changes.count
            if let frame = take() { return frame }
            if end != nil { return nil }
            await changes.wait(after: seen)
        }
        return nil
    }

    /// Nothing more is taken in. What waits is carried still.
    public func finish(_ fault: CallFault) {
        state.withLock { $0.end = $0.end ?? fault }
        changes.wake()
    }

    /// Of what waits.
    var byteCount: Int { state.withLock { $0.byteCount } }

    /// Why nothing more is taken in.
    public var end: CallFault? { state.withLock { $0.end } }
}
