public import KinWire
import Synchronization

/// Frames on their way to whoever carries them, in the order they were given. Who sends more than is carried waits for their turn.
public final class FrameQueue: CallCarrier {
    private struct Waiter {
        let id: UInt64
        let frame: [UInt8]
        let continuation: CheckedContinuation<CallFault?, Never>
    }

    private struct State {
        var frames = Fifo<[UInt8]>()
        var byteCount = 0
        /// Those for whose frames there is no room yet.
        var waiters = Fifo<Waiter>()
        var lastWaiter: UInt64 = 0
        var end: CallFault?
        var carry: (@Sendable () -> Bool)?

        mutating func append(_ frame: [UInt8]) {
            frames.append(frame)
            byteCount += frame.count
        }

        /// Takes in as many as there is room for now.
        /// - Returns: whoever waited with them.
        mutating func admit() -> [CheckedContinuation<CallFault?, Never>] {
            var admitted: [CheckedContinuation<CallFault?, Never>] = []
            while byteCount < FrameQueue.maxBytes, let waiter = waiters.popFirst() {
                append(waiter.frame)
                admitted.append(waiter.continuation)
            }
            return admitted
        }
    }

    /// Bytes above which whoever sends waits.
    static let maxBytes = 1 << 20
    /// A frame of fewer bytes, be it credit or an abortion, waits for nobody's data, as long as it is not twice as much.
    static let smallFrame = 4096

    /// Woken when there is a frame to take, and at the end.
    public let changes = Wakeups()
    private let state = Mutex(State())

    public init() {}

    /// Who gives a small frame to the queue has it carried at once, by himself.
    /// - Parameter carry: takes what there is; false where it could not, and `changes` are to tell whoever takes it otherwise.
    public func carrySmallFrames(_ carry: @escaping @Sendable () -> Bool) { state.withLock { $0.carry = carry } }

    /// - Throws: why nothing is carried any more; `ABORTED` where the task is cancelled while it waits.
    public func send(_ frame: [UInt8]) async throws(CallFault) {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let fault = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard let outcome = take(frame, Waiter(id: id, frame: frame, continuation: continuation)) else {
                    return
                }
                continuation.resume(returning: outcome)
            }
        } onCancel: {
            state.withLock { $0.waiters.remove { $0.id == id } }?.continuation.resume(returning: .givenUp)
        }
        if let fault { throw fault }
    }

    /// - Returns: how it went: nil for a frame that was taken in; nil in all where it waits.
    private func take(_ frame: [UInt8], _ waiter: Waiter) -> CallFault?? {
        var carry: (@Sendable () -> Bool)?
        let outcome = state.withLock { state -> CallFault?? in
            if let end = state.end { return .some(end) }
            let isSmall = frame.count < Self.smallFrame && state.byteCount < 2 * Self.maxBytes
            guard isSmall || state.waiters.isEmpty && state.byteCount < Self.maxBytes else {
                // Cancelled before it waits, nobody would tell.
                if Task.isCancelled { return .some(.givenUp) }
                state.waiters.append(waiter)
                return nil
            }
            state.append(frame)
            if isSmall { carry = state.carry }
            return .some(nil)
        }
        if case .some(nil) = outcome, carry?() != true { changes.wake() }
        return outcome
    }

    /// The next frame, where there is one.
    public func take() -> [UInt8]? {
        let (frame, admitted) = state.withLock { state in
            let frame = state.frames.popFirst()
            state.byteCount -= frame?.count ?? 0
            return (frame, state.admit())
        }
        for continuation in admitted { continuation.resume(returning: nil) }
        return frame
    }

    /// Waits for the next frame; nil: it is over, and all of them were taken, or the task is cancelled.
    public func next() async -> [UInt8]? {
        while !Task.isCancelled {
            let (seen, isOver) = (changes.count, end != nil)
            if let frame = take() { return frame }
            // What came before the end was taken.
            if isOver { return nil }
            await changes.wait(after: seen)
        }
        return nil
    }

    /// Nothing more is taken in. What waits is carried still.
    public func finish(_ fault: CallFault) {
        let waiters = state.withLock { state in
            state.end = state.end ?? fault
            return state.waiters.removeAll()
        }
        for waiter in waiters { waiter.continuation.resume(returning: fault) }
        changes.wake()
    }

    /// Of what waits.
    var byteCount: Int { state.withLock { $0.byteCount } }
    /// Frames that were taken in, or wait to be.
    var count: Int { state.withLock { $0.frames.count + $0.waiters.count } }

    /// Why nothing more is taken in.
    public var end: CallFault? { state.withLock { $0.end } }
}

extension CallFault {
    fileprivate static let givenUp = CallFault(.aborted, "the call was given up here")
}

/// First in, first out, without moving the others each time.
private struct Fifo<Element> {
    private var items: [Element?] = []
    /// Of `items`, those that were taken.
    private var taken = 0

    var count: Int { items.count - taken }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ item: Element) { items.append(item) }

    mutating func popFirst() -> Element? {
        guard taken < items.count else { return nil }
        let item = items[taken]
        items[taken] = nil
        taken += 1
        if taken == items.count || taken >= 1024 {
            items.removeFirst(taken)
            taken = 0
        }
        return item
    }

    mutating func remove(where isIt: (Element) -> Bool) -> Element? {
        guard let index = items[taken...].firstIndex(where: { $0.map(isIt) ?? false }) else { return nil }
        return items.remove(at: index)
    }

    mutating func removeAll() -> [Element] {
        defer { (items, taken) = ([], 0) }
        return items[taken...].compactMap { $0 }
    }
}
