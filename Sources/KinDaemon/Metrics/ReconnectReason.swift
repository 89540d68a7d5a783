import KinClient
import KinWire

/// Why a session ended that another followed: a few words of this program's own, whatever the broker wrote.
enum ReconnectReason: String, CaseIterable {
    /// The connection broke, or the broker fell silent.
    case connectionLost = "connection_lost"
    case serverDraining = "server_draining"
    /// This side did not read fast enough.
    case slowConsumer = "slow_consumer"
    /// The broker would not go on with this device.
    case refused
    /// This side ended it, since a store of its own failed it.
    case storeFailed = "store_failed"
    /// This side ended it, since the broker waited for a message that was given up.
    case laneStandsStill = "lane_stands_still"

    init(_ end: MeshEnd) {
        switch end {
        case .refused, .fatal: self = .refused
        case .lost(CloseCode.serverDraining.reason): self = .serverDraining
        case .lost(CloseCode.slowConsumer.reason): self = .slowConsumer
        case .lost(LocalClose.laneStandsStill.rawValue): self = .laneStandsStill
        case .lost(let reason): self = LocalClose(rawValue: reason) == nil ? .connectionLost : .storeFailed
        }
    }
}

/// Why this side ends a session, in its close frame.
enum LocalClose: String {
    case inboxWriteFailed = "inbox_write_failed"
    case outboxUnreadable = "outbox_unreadable"
    /// A message that was to be given up stays: it goes out again in order.
    case outboxKept = "outbox_kept"
    case successionUnwritable = "succession_unwritable"
    /// The broker waits for a message that was given up here.
    case laneStandsStill = "lane_stands_still"
}

extension MeshLink {
    func close(_ reason: LocalClose) { close(reason: reason.rawValue) }
}
