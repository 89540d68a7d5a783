/// WebSocket close codes of `/mesh` and `/agent/signal`.
public enum CloseCode: UInt16, Sendable {
    case goingAway = 1001
    case unauthorized = 4001
    case memberRevoked = 4002
    case replacedByNewerConnection = 4003
    case memberAlreadyConnected = 4004
    case serverDraining = 4005
    case slowConsumer = 4008
    case featureUnavailable = 4010

    /// The close reason that goes with the code.
    public var reason: String {
        switch self {
        case .goingAway, .serverDraining: "server_draining"
        case .unauthorized: "unauthorized"
        case .memberRevoked: "member_revoked"
        case .replacedByNewerConnection: "replaced_by_newer_connection"
        case .memberAlreadyConnected: "member_already_connected"
        case .slowConsumer: "slow_consumer"
        case .featureUnavailable: "feature_unavailable"
        }
    }
}
