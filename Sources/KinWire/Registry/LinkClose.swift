/// Close codes of `/link` and `/pair` (docs/protocol/relay.md): why a link or a pairing room ended.
public enum LinkClose: UInt16, CaseIterable, Sendable {
    case goingAway = 1001
    case binaryExpected = 1003
    case relayFull = 1013
    /// This side did not take what it was sent.
    case slowConsumer = 4008
    case deviceOffline = 4404
    /// The other side closed its socket.
    case peerClosed = 4405
    /// The other side's connection broke, or it broke the rules.
    case peerLost = 4406
    /// The other side did not take what it was sent.
    case peerSlow = 4407
    case deviceSilent = 4408
    case roomTaken = 4409
    case sessionGone = 4410
    case roomExpired = 4411
    case tooManyLinks = 4429
    /// What a device says that answers no links; of `applicationCodes`.
    case linksRefused = 4503

    /// Codes that one side may close with and the relay passes on to the other as they are.
    public static let applicationCodes: ClosedRange<UInt16> = 4500...4999

    /// The close reason that goes with the code.
    public var reason: String {
        switch self {
        case .goingAway: "server_draining"
        case .binaryExpected: "binary_expected"
        case .relayFull: "relay_full"
        case .slowConsumer: "slow_consumer"
        case .deviceOffline: "device_offline"
        case .peerClosed: "peer_closed"
        case .peerLost: "peer_lost"
        case .peerSlow: "peer_slow"
        case .deviceSilent: "device_silent"
        case .roomTaken: "room_taken"
        case .sessionGone: "session_gone"
        case .roomExpired: "room_expired"
        case .tooManyLinks: "too_many_links"
        case .linksRefused: "links_refused"
        }
    }
}
