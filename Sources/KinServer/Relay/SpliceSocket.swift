import KinRelay
import KinWebSocket
import KinWire
import NIOCore
import Synchronization

/// What a socket of two is for.
enum SplicePurpose: Sendable {
    case link(LinkRequest, address: String)
    case room(RoomID, address: String)
}

/// One end of a link or a pairing room: its binary frames go to the other end, in their order, and are looked at by nobody.
///
/// An end is read from only while the other takes what it is sent: beyond half of `linkBufferBytes` it is held, and felt so by its peer. One
/// turn of reading brings no more than the other half.
final class SpliceSocket: WebSocketDelegate {
    private struct State {
        var connection: WebSocketConnection?
        var other: SpliceSocket?
        /// Read in this turn, or before there was another end.
        var frames: [ByteBuffer] = []
        /// What they take; a turn's are gone with the turn, however many they are.
        var bytes = 0
        var isHeld = true
    }

    /// What a frame takes besides its bytes.
    private static let frameCost = 64

    let purpose: SplicePurpose
    private let service: RelayService
    private let state = Mutex(State())

    init(purpose: SplicePurpose, service: RelayService) {
        self.purpose = purpose
        self.service = service
    }

    /// Nothing is read before there is another end.
    func opened(_ connection: WebSocketConnection) {
        connection.pauseReading()
        state.withLock { $0.connection = connection }
        service.opened(self)
    }

    /// Each of the two hears of the other.
    func join(_ other: SpliceSocket) {
        state.withLock { $0.other = other }
        onEventLoop { $0.forward() }
    }

    func end(_ why: LinkClose) { close(code: why.rawValue, reason: why.reason) }

    func close(code: UInt16, reason: String) {
        state.withLock { $0.connection }?.close(code: code, reason: reason)
    }

    // MARK: From the socket

    func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        guard case .binary(let frame) = message else { return end(.binaryExpected) }
        let isTooMuch = state.withLock { state in
            state.frames.append(frame)
            state.bytes += frame.readableBytes + (state.other == nil ? Self.frameCost : 0)
            return state.bytes > service.limits.linkBufferBytes
        }
        if isTooMuch { service.overrun(self) }
    }

    func webSocketDidCompleteRead(_ connection: WebSocketConnection) { forward() }

    func webSocket(_ connection: WebSocketConnection, becameWritable isWritable: Bool) {
        guard isWritable, let other = state.withLock({ $0.other }) else { return }
        other.onEventLoop { $0.balance() }
    }

    func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        service.ended(self, closure)
        state.withLock { $0 = State() }
    }

    // MARK: To the other end

    /// Bytes that this end was sent and has not taken.
    var bufferedBytes: Int { state.withLock { $0.connection }?.bufferedBytes ?? 0 }

    private func forward() {
        let (other, frames) = state.withLock { state -> (SpliceSocket?, [ByteBuffer]) in
            guard let other = state.other else { return (nil, []) }
            defer { (state.frames, state.bytes) = ([], 0) }
            return (other, state.frames)
        }
        guard let other else { return }
        if !frames.isEmpty {
            let bytes = frames.reduce(0) { $0 + $1.readableBytes }
            // Only a peer that ended while it was held brings so much: the rest of what it said is read at once.
            guard other.bufferedBytes + bytes <= service.limits.linkBufferBytes else { return service.overrun(self) }
            other.state.withLock { $0.connection }?.send(frames)
            service.moved(bytes, purpose)
        }
        balance()
    }

    /// Holds this end while the other has too much to take, else lets it go on.
    private func balance() {
        let (connection, other) = state.withLock { ($0.connection, $0.other) }
        guard let connection, let other else { return }
        let isFull = other.bufferedBytes > service.limits.heldAbove
        let hasChanged = state.withLock { state in
            defer { state.isHeld = isFull }
            return state.isHeld != isFull
        }
        if hasChanged, isFull { connection.pauseReading() }
        if hasChanged, !isFull { connection.resumeReading() }
        // It may have been taken before this end was held, and then nobody tells.
        if hasChanged, isFull {
            other.onEventLoop { [self] other in
                if other.bufferedBytes <= service.limits.heldAbove { onEventLoop { $0.balance() } }
            }
        }
    }

    private func onEventLoop(_ action: @escaping @Sendable (SpliceSocket) -> Void) {
        state.withLock { $0.connection }?.eventLoop.execute { action(self) }
    }
}

extension RelayLimits {
    /// Bytes for one side of a link above which the other side is not read from.
    var heldAbove: Int { linkBufferBytes / 2 }

    func controlSockets(_ times: ServerConfiguration.Times) -> WebSocketLimits {
        var limits = times.limits(maxMessageBytes: controlMessageBytes)
        limits.readBytes = 512
        return limits
    }

    func spliceSockets(_ times: ServerConfiguration.Times) -> WebSocketLimits {
        var limits = times.limits(maxMessageBytes: linkFrameBytes)
        limits.maxBufferedBytes = heldAbove
        limits.slowReaderAfter = .milliseconds(slowReaderMilliseconds)
        limits.readsPerTurn = 1
        return limits
    }
}
