import KinWebSocket
public import KinWire
public import NIOCore
public import NIOSSL
import Synchronization

/// Hears what happens on one session; called on the link's event loop, so it must not block.
public protocol MeshLinkDelegate: AnyObject, Sendable {
    /// The session is ready. Called once, before any frame but `revocations`.
    func meshReady(_ link: MeshLink, ready: Ready, features: NegotiatedFeatures, offered: FeatureResponse)
    /// A frame of the ready session.
    func mesh(_ link: MeshLink, received frame: ReceivedFrame)
    /// The ready session brought what cannot be read; it goes on.
    func mesh(_ link: MeshLink, couldNotRead error: WireError)
    /// The frames of one socket read have been delivered.
    func meshCompletedRead(_ link: MeshLink)
    /// Called once for each link that `open` returned or was ready.
    func mesh(_ link: MeshLink, ended end: MeshEnd)
}

extension MeshLinkDelegate {
    public func mesh(_ link: MeshLink, couldNotRead fault: WireError) {}
}

/// One session with a broker: dials, opens, then carries frames.
public final class MeshLink: WebSocketDelegate {
    /// Seconds for dialling, and again for the opening.
    static let deadline = TimeAmount.seconds(10)
    /// The largest frame a broker may send here.
    static let maxFrameBytes = 4 << 20

    private enum Phase {
        case opening(MeshOpening)
        case ready
        case failed(MeshEnd)
    }

    private struct State {
        var phase: Phase
        var connection: WebSocketConnection?
    }

    private let state: Mutex<State>
    private weak let delegate: (any MeshLinkDelegate)?
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    private init(opening: MeshOpening, delegate: any MeshLinkDelegate, now: @escaping @Sendable () -> Int64) {
        state = Mutex(State(phase: .opening(opening)))
        self.delegate = delegate
        self.now = now
    }

    /// Dials a server's `/mesh`; the opening goes on by itself and ends in `meshReady` or `ended` within its deadline.
    /// - Throws: `MeshEnd.lost` with the address and what failed.
    public static func open(
        _ server: ServerAddress, as identity: MeshIdentity, tls: TLSConfiguration?, on eventLoop: any EventLoop,
        delegate: any MeshLinkDelegate, now: @escaping @Sendable () -> Int64
    ) async throws(MeshEnd) -> MeshLink {
        let link = MeshLink(
            opening: MeshOpening(identity, origin: server.origin), delegate: delegate, now: now)
        do throws(WebSocketError) {
            let connection = try await WebSocketClient.connect(
                to: server.webSocket("/mesh"), tls: tls,
                limits: WebSocketLimits(maxMessageBytes: maxFrameBytes, maxBufferedBytes: 8 << 20), deadline: deadline,
                on: eventLoop, delegate: link)
            link.state.withLock { $0.connection = connection }
            link.watchOpening(connection)
            return link
        } catch {
            throw .lost(error.message)
        }
    }

    /// Sends frames in order, in one flush. After the end they go nowhere.
    public func send(_ frames: [[UInt8]]) {
        state.withLock { $0.connection }?.send(frames.map { ByteBuffer(bytes: $0) })
    }

    public func close(_ code: CloseCode = .goingAway, reason: String = "leaving") {
        state.withLock { $0.connection }?.close(code: code.rawValue, reason: reason)
    }

    private func watchOpening(_ connection: WebSocketConnection) {
        connection.eventLoop.scheduleTask(in: Self.deadline) { [weak self] in
            guard let self else { return }
            let isOpening = state.withLock { if case .opening = $0.phase { true } else { false } }
            if isOpening {
                fail(.goingAway, "opening_timed_out", .lost("the server did not finish the opening in 10 s"))
            }
        }
    }

    // MARK: From the socket

    public func webSocket(_ connection: WebSocketConnection, received message: WebSocketMessage) {
        state.withLock { $0.connection = connection }
        guard case .binary(let buffer) = message else {
            return fail(.goingAway, "binary_expected", .lost("the server sent text: is it a kin server?"))
        }
        do throws(WireError) {
            try received(ReceivedFrame(Array(buffer.readableBytesView)))
        } catch {
            // A newer server may say things we do not know; what we do not understand is passed over.
            if case .ready = state.withLock({ $0.phase }) {
                delegate?.mesh(self, couldNotRead: error)
                return
            }
            fail(.goingAway, error.code, .lost("the server's opening is not understood: \(error.message)"))
        }
    }

    public func webSocketDidCompleteRead(_ connection: WebSocketConnection) { delegate?.meshCompletedRead(self) }

    public func webSocket(_ connection: WebSocketConnection, closed closure: WebSocketClosure) {
        let end = state.withLock { state -> MeshEnd in
            defer { state = State(phase: .failed(.lost("closed"))) }
            switch state.phase {
            case .failed(let end): return end
            case .opening(let opening):
                if let refusal = opening.refusal, CloseCode(rawValue: closure.code ?? 0) == .unauthorized {
                    return .refused(code: refusal.code, message: refusal.message)
                }
                return .closed(code: closure.code, reason: closure.reason)
            case .ready: return .closed(code: closure.code, reason: closure.reason)
            }
        }
        delegate?.mesh(self, ended: end)
    }

    private func received(_ frame: ReceivedFrame) {
        let time = now()
        let action = state.withLock { state -> MeshOpening.Action? in
            guard case .opening(var opening) = state.phase else { return nil }
            let action = opening.received(frame.message, now: time)
            if case .ready = action { state.phase = .ready } else { state.phase = .opening(opening) }
            return action
        }
        switch action {
        case nil, .passOn: delegate?.mesh(self, received: frame)
        case .send(let messages): if !messages.isEmpty { send(messages.map { $0.encoded() }) }
        case .ready(let ready, let features, let offered):
            delegate?.meshReady(self, ready: ready, features: features, offered: offered)
        case .fail(let code, let reason, let end): fail(code, reason, end)
        }
    }

    private func fail(_ code: CloseCode, _ reason: String, _ end: MeshEnd) {
        state.withLock { if case .failed = $0.phase {} else { $0.phase = .failed(end) } }
        close(code, reason: reason)
    }
}
