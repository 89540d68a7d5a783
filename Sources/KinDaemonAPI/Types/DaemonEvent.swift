import KinEncoding
import KinWire

/// One event of `GET /v1/events` (server-sent events, WHATWG HTML §9.2).
public struct DaemonEvent: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        case message, receipt
        case fileShared = "file_shared"
        case peerJoin = "peer_join"
        case peerLeave = "peer_leave"
        case profile
        case deviceNew = "device_new"
        case succession
        case successionConflict = "succession_conflict"
        case memberRevoked = "member_revoked"
        case revocationsWithheld = "revocations_withheld"
        case outboxPressureHigh = "outbox_pressure_high"
        case featureNegotiationFailed = "feature_negotiation_failed"
        case daemonDisconnect = "daemon_disconnect"
        case daemonReconnect = "daemon_reconnect"
        /// The last of a stream that the daemon ends: `{"reason"}`.
        case streamEnd = "stream_end"
    }

    public var kind: Kind
    /// Of a message: its id in the inbox, to resume from with `Last-Event-ID`.
    public var id: Int64?
    public var data: JSON

    public init(kind: Kind, id: Int64? = nil, data: JSON) {
        self.kind = kind
        self.id = id
        self.data = data
    }

    /// The event as it is sent.
    public func encoded() -> [UInt8] {
        var text = Array("event: \(kind.rawValue)\n".utf8)
        if let id { text += Array("id: \(id)\n".utf8) }
        // Canonical JSON holds no line break, so one data line is enough.
        return text + Array("data: ".utf8) + data.canonicalBytes() + Array("\n\n".utf8)
    }
}
