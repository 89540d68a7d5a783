import KinEncoding
import KinWebSocket
public import KinWire
public import NIOCore
public import NIOSSL

extension RelayCarrier {
    /// How a relay is reached.
    public struct Route: Sendable {
        public var server: ServerAddress
        public var tls: TLSConfiguration?
        public var eventLoop: any EventLoop
        /// Seconds for name, connection, encryption and upgrade together.
        public var deadline: TimeAmount

        public init(
            _ server: ServerAddress, tls: TLSConfiguration?, on eventLoop: any EventLoop,
            deadline: TimeAmount = .seconds(10)
        ) {
            self.server = server
            self.tls = tls
            self.eventLoop = eventLoop
            self.deadline = deadline
        }
    }

    /// Asks for a link to a device. That it is there, and answers, only its first frame says: frames sent before wait at the relay.
    /// - Parameters:
    ///   - routeID: of the family that the device registers for.
    ///   - machine: the device's slot.
    public static func dial(
        _ machine: MachineID, of routeID: String, by route: Route
    ) async throws(LinkEnd) -> RelayCarrier {
        try await connect("/link?owner_id=\(routeID)&machine_id=\(machine)", route)
    }

    /// Takes up a link that the relay told this device of.
    /// - Parameter session: 16 bytes, as `attach` gave them.
    public static func answer(_ session: [UInt8], by route: Route) async throws(LinkEnd) -> RelayCarrier {
        try await connect("/link?session=\(Hex.encode(session))", route)
    }

    /// Goes into a pairing room, and waits for the other party there.
    /// - Parameter room: 32 bytes, which both parties know.
    public static func meet(in room: [UInt8], by route: Route) async throws(LinkEnd) -> RelayCarrier {
        try await connect("/pair?room=\(Hex.encode(room))", route)
    }

    private static func connect(_ target: String, _ route: Route) async throws(LinkEnd) -> RelayCarrier {
        let carrier = RelayCarrier(on: route.eventLoop)
        do throws(WebSocketError) {
            let connection = try await WebSocketClient.connect(
                to: route.server.webSocket(target), tls: route.tls, limits: limits, deadline: route.deadline,
                on: route.eventLoop, delegate: carrier)
            carrier.opened(connection)
            return carrier
        } catch {
            throw LinkEnd(error)
        }
    }
}
