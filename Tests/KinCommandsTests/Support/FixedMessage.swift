import KinDaemonAPI
import KinWire
import Synchronization

@testable import KinCommands

/// A daemon whose one message goes from state to state with each look.
final class FixedMessage: MessageSource {
    private let states: Mutex<[MessageStatus]>
    private let online: Bool
    private let broker: Bool

    init(_ states: [MessageStatus], online: Bool, broker: Bool) {
        self.states = Mutex(states)
        self.online = online
        self.broker = broker
    }

    func message(_ id: ClientMessageID) async throws -> MessageStatus {
        try states.withLock { states in
            guard let first = states.first else { throw KinError("unknown_message", "none", category: .notFound) }
            if states.count > 1 { states.removeFirst() }
            return first
        }
    }

    func health() async throws -> DaemonHealth {
        let server = DaemonHealth.Server(
            address: "https://x", connected: broker, since: 1, lastError: broker ? nil : "nothing listens")
        return DaemonHealth(broker: server, relays: [], outboxPending: 0, outboxDead: 0, inboxCount: 0)
    }

    func peers() async throws -> DeviceList {
        DeviceList(
            devices: [
                DeviceInfo(
                    name: "studio", machineID: "0123456789abcdef", member: "01J", role: "owner", online: online,
                    servers: [], lastSeen: nil, version: nil, thisDevice: false)
            ])
    }
}
