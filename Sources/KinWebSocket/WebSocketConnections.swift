import NIOConcurrencyHelpers

/// The open connections of one owner, so that all can be closed at once.
public final class WebSocketConnections: Sendable {
    private struct State {
        var open: [ObjectIdentifier: WebSocketConnection] = [:]
        var farewell: (code: UInt16, reason: String)?
    }

    private let state = NIOLockedValueBox(State())

    public init() {}

    public var count: Int {
        state.withLockedValue { $0.open.count }
    }

    /// Keeps the connection until it ends. After `closeAll` it is closed at once.
    public func add(_ connection: WebSocketConnection) {
        let farewell = state.withLockedValue { state in
            state.open[ObjectIdentifier(connection)] = connection
            return state.farewell
        }
        connection.closeFuture.whenComplete { [weak self] _ in self?.remove(connection) }
        if let farewell { connection.close(code: farewell.code, reason: farewell.reason) }
    }

    public func remove(_ connection: WebSocketConnection) {
        _ = state.withLockedValue { $0.open.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    /// Closes every connection, and every one added later: for shutdown, so 1001 by default (RFC 6455 §7.4.1).
    /// Returns at once; the connections end within their `closeTimeout`.
    public func closeAll(code: UInt16 = 1001, reason: String) {
        let open = state.withLockedValue { state in
            state.farewell = (code, reason)
            return Array(state.open.values)
        }
        for connection in open { connection.close(code: code, reason: reason) }
    }

    /// Waits until every connection that is open has ended: after `closeAll` within their `closeTimeout`.
    public func closed() async {
        let open = state.withLockedValue { Array($0.open.values) }
        // Never fails: it only says that the channel is closed.
        for connection in open { try? await connection.closeFuture.get() }
    }
}
