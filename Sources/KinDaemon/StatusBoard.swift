import KinClient
import KinDaemonAPI
import KinEncoding
import KinWire
import Synchronization

/// What the daemon knows of its connections, for `/v1/health` and `kin status`.
final class StatusBoard: Sendable {
    private struct Entry {
        var connected = false
        /// Milliseconds.
        var since: Int64
        var lastError: String?
        /// Of a refusal.
        var code: String?
        /// Milliseconds: when it is tried again.
        var nextAttemptAt: Int64?

        /// - Returns: whether this is news.
        mutating func lose(_ reason: String, code: String?, nextAttemptAt: Int64, at time: Int64) -> Bool {
            self.code = code
            self.nextAttemptAt = nextAttemptAt
            let isNews = connected || lastError != reason
            if connected { since = time }
            connected = false
            lastError = reason
            return isNews
        }
    }

    private struct State {
        var broker: Entry
        var relays: [ServerAddress: Entry]
        var offered: FeatureResponse?
        var inlineBytes = MeshFrame.defaultInlineBytes
    }

    private let servers: [ServerAddress]
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>

    init(servers: [ServerAddress], now: @escaping @Sendable () -> Int64) {
        self.servers = servers
        self.now = now
        let fresh = Entry(since: now())
        state = Mutex(State(broker: fresh, relays: Dictionary(servers.map { ($0, fresh) }) { first, _ in first }))
    }

    func brokerConnected(_ features: NegotiatedFeatures, offered: FeatureResponse) {
        let entry = Entry(connected: true, since: now())
        state.withLock { state in
            state.broker = entry
            state.offered = offered
            state.inlineBytes = features.inlineBytes
        }
    }

    /// - Returns: whether this is news: the state or the reason changed.
    func brokerLost(_ reason: String, code: String?, nextAttemptAt: Int64) -> Bool {
        let time = now()
        return state.withLock { $0.broker.lose(reason, code: code, nextAttemptAt: nextAttemptAt, at: time) }
    }

    func relayConnected(_ server: ServerAddress) {
        let entry = Entry(connected: true, since: now())
        state.withLock { $0.relays[server] = entry }
    }

    /// - Returns: whether this is news.
    func relayLost(_ server: ServerAddress, _ reason: String, code: String?, nextAttemptAt: Int64) -> Bool {
        let time = now()
        return state.withLock {
            $0.relays[server, default: Entry(since: time)]
                .lose(reason, code: code, nextAttemptAt: nextAttemptAt, at: time)
        }
    }

    /// The broker's features, as `/v1/version` shows them; nil before the first session.
    var features: JSON? {
        state.withLock { $0.offered }.map { .object($0.supported.mapValues { .object($0) }) }
    }

    /// Bytes of a sealed body that the broker takes.
    var inlineBytes: Int { state.withLock { $0.inlineBytes } }

    /// Bytes of a sealed file that the broker takes; nil where it has not said.
    var blobBytes: Int64? {
        guard case .integer(let bytes)? = state.withLock({ $0.offered })?.supported["max_payload"]?["blob_bytes"] else {
            return nil
        }
        return bytes
    }

    func broker() -> DaemonHealth.Server {
        state.withLock { Self.server(servers.first?.origin ?? "", $0.broker) }
    }

    func relays() -> [DaemonHealth.Server] {
        state.withLock { state in
            servers.map { server in Self.server(server.origin, state.relays[server] ?? state.broker) }
        }
    }

    private static func server(_ address: String, _ entry: Entry) -> DaemonHealth.Server {
        var server = DaemonHealth.Server(
            address: address, connected: entry.connected, since: entry.since, lastError: entry.lastError)
        server.code = entry.code
        server.nextAttemptAt = entry.nextAttemptAt
        return server
    }
}

extension Duration {
    /// Whole ones.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
