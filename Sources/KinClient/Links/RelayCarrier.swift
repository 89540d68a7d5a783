import KinWebSocket
import NIOCore
import Synchronization

/// A link or a pairing room through a relay, over one WebSocket.
///
/// What comes and is not received is held up to `heldAbove` bytes; then the relay feels it, and through it the other side.
public final class RelayCarrier: LinkCarrier, WebSocketDelegate {
    private struct State {
        var connection: WebSocketConnection?
        var frames: [[UInt8]] = []
        /// Frames of `frames` that were received.
        var taken = 0
        var bytes = 0
        var isHeld = false
        var end: LinkEnd?
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0
        /// Of `waiters`, the one that last waited for a frame.
        var receiver: UInt64 = 0
        var taker: LinkFrame.Taker?
        /// The taker took no more.
        var isRefused = false

        mutating func append(_ frame: [UInt8]) {
            frames.append(frame)
            bytes += frame.count + RelayCarrier.frameCost
        }

        var hasFrame: Bool { taken < frames.count }
        var isFull: Bool { end == nil && connection.map { $0.bufferedBytes > RelayCarrier.heldAbove } ?? false }
    }

    /// Bytes on the way, either way, above which the faster side waits. Each frame counts 64 more.
    static let heldAbove = 524_288
    private static let frameCost = 64

    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    init(on eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    static let limits = WebSocketLimits(
        maxMessageBytes: LinkFrame.maxBytes, maxBufferedBytes: heldAbove,
        // The relay cuts a slow side after 10 s, and says so: this side is to hear of it.
        slowReaderAfter: .seconds(30), readsPerTurn: 1)

    /// It may have ended before.
    func opened(_ connection: WebSocketConnection) {
        state.withLock { if $0.end == nil { $0.connection = connection } }
    }

    // MARK: Sending

    public func send(_ frame: [UInt8]) async throws(LinkEnd) {
        guard frame.count <= LinkFrame.maxBytes else { throw LinkEnd(.frameTooLarge) }
        while state.withLock({ $0.isFull }) {
            if Task.isCancelled { throw LinkEnd(.cancelled) }
            // What is written before its backlog is weighed makes no connection unwritable, and so nothing would tell.
            eventLoop.execute { self.wakeIfWritable() }
            await pause(until: nil) { !$0.isFull }
        }
        let (connection, end) = state.withLock { ($0.connection, $0.end) }
        if let end { throw end }
        connection?.send(.binary(ByteBuffer(bytes: frame)))
    }

    public var hasRoom: Bool { state.withLock { $0.connection != nil && $0.end == nil && !$0.isFull } }

    public func give(_ frame: [UInt8]) { state.withLock { $0.connection }?.send(.binary(ByteBuffer(bytes: frame))) }

    // MARK: Receiving

    public func receive(within limit: Duration?) async throws(LinkEnd) -> [UInt8] {
        let deadline = limit.map { NIODeadline.now() + .nanoseconds($0.nanoseconds) }
        while true {
            if let frame = take() { return frame }
            if let end = state.withLock({ $0.isRefused ? LinkEnd(.closed) : $0.hasFrame ? nil : $0.end }) { throw end }
            if Task.isCancelled { throw LinkEnd(.cancelled) }
            if let deadline, NIODeadline.now() >= deadline { throw LinkEnd(.timedOut) }
            await pause(until: deadline, receiving: true) { $0.hasFrame || $0.end != nil || $0.isRefused }
        }
    }

    public func takeSmallFrames(_ taker: @escaping LinkFrame.Taker) {
        state.withLock { $0.taker = taker }
    }

    private func take() -> [UInt8]? {
        let (frame, resumed) = state.withLock { state -> ([UInt8]?, WebSocketConnection?) in
            guard state.hasFrame, !state.isRefused else { return (nil, nil) }
            let frame = state.frames[state.taken]
            state.frames[state.taken] = []
            state.taken += 1
            state.bytes -= frame.count + Self.frameCost
            if state.taken == state.frames.count || state.taken >= 1024 {
                state.frames.removeFirst(state.taken)
                state.taken = 0
            }
            guard state.isHeld, state.bytes <= Self.heldAbove / 2 else { return (frame, nil) }
            state.isHeld = false
            return (frame, state.connection)
        }
        resumed?.resumeReading()
        return frame
    }

    // MARK: Ending

    public func close(code: UInt16, reason: String) {
        let connection = state.withLock { state in
            if state.end == nil { state.end = LinkEnd(.closed, code: code, said: reason) }
            return state.connection
        }
        connection?.close(code: code, reason: reason)
        wakeAll()
    }

    // MARK: From the socket

    public func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        guard case .binary(let buffer) = message else {
            return connection.close(code: 1003, reason: "binary_expected")
        }
        let mustHold = state.withLock { state in
            guard state.end == nil else { return false }
            state.append(Array(buffer.readableBytesView))
            // Held or not: a release that was on its way may have come after the last hold.
            guard state.bytes > Self.heldAbove else { return false }
            state.isHeld = true
            return true
        }
        if mustHold { connection.pauseReading() }
    }

    public func webSocketDidCompleteRead(_ connection: WebSocketConnection) {
        guard let (frame, taker) = takeSmall() else { return wakeAll() }
        switch taker(frame) {
        case .taken: return
        case .declined: state.withLock { $0.append(frame) }
        case .over: state.withLock { $0.isRefused = true }
        }
        wakeAll()
    }

    /// A frame that came alone while nobody has an earlier one in hand.
    private func takeSmall() -> ([UInt8], LinkFrame.Taker)? {
        state.withLock { state in
            guard let taker = state.taker, state.waiters[state.receiver] != nil, state.taken == 0,
                state.frames.count == 1, state.frames[0].count <= LinkFrame.small, !state.isHeld
            else { return nil }
            state.bytes = 0
            return (state.frames.removeLast(), taker)
        }
    }

    public func webSocket(_ connection: WebSocketConnection, becameWritable isWritable: Bool) {
        if isWritable { wakeAll() }
    }

    public func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        state.withLock { state in
            if state.end == nil { state.end = LinkEnd(closure) }
            state.connection = nil
        }
        wakeAll()
    }

    // MARK: Waiting

    private func wakeIfWritable() {
        if state.withLock({ !$0.isFull }) { wakeAll() }
    }

    private func wakeAll() {
        let waiters = state.withLock { state in
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    private func wake(_ id: UInt64) { state.withLock { $0.waiters.removeValue(forKey: id) }?.resume() }

    /// Waits until something happened, for whoever looks again then.
    private func pause(
        until deadline: NIODeadline?, receiving: Bool = false, unless isDone: (borrowing State) -> Bool
    ) async {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let timer = deadline.map { eventLoop.scheduleTask(deadline: $0) { self.wake(id) } }
        defer { timer?.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard !isDone(state), !Task.isCancelled, deadline.map({ NIODeadline.now() < $0 }) ?? true else {
                        return true
                    }
                    state.waiters[id] = continuation
                    if receiving { state.receiver = id }
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            wake(id)
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let whole = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return whole.overflow ? Int64.max / 4 : min(whole.partialValue, Int64.max / 4) + attoseconds / 1_000_000_000
    }
}
