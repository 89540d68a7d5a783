import Hummingbird
import HummingbirdCore
import KinRelay
import KinWebSocket
import NIOHTTP1

/// Which WebSockets the relay takes: control sockets, links and pairing rooms.
struct RelaySockets: Sendable {
    let relay: RelayService
    let times: ServerConfiguration.Times
    let connections: WebSocketConnections

    func control(_ uri: URI, _ head: HTTPRequestHead, from address: String) -> UpgradeDecision {
        decide { () throws(RegistrationFault) in
            let request = try RegistrationRequest(
                owner: uri.text("owner_id"), machine: uri.text("machine_id"),
                proof: head.headers.first(name: "x-kin-registration-secret"))
            switch relay.register(request, from: address) {
            case .success(let endpoint):
                return .accept(endpoint, relay.limits.controlSockets(times)) { connection in
                    connections.add(connection)
                    endpoint.opened(connection)
                }
            case .failure(let refusal): return refusal.decision
            }
        }
    }

    func link(_ uri: URI, from address: String) -> UpgradeDecision {
        decide { () throws(RegistrationFault) in
            let request = try LinkRequest(
                owner: uri.text("owner_id"), machine: uri.text("machine_id"), session: uri.text("session"))
            // A device that answers takes no more than its caller was given.
            if case .toDevice = request, let refusal = relay.linkRefusal(from: address) { return refusal.decision }
            return splice(.link(request, address: address))
        }
    }

    func pair(_ uri: URI, from address: String) -> UpgradeDecision {
        decide { () throws(RegistrationFault) in
            let room = try RoomID(uri.text("room"))
            if let refusal = relay.refusal(of: room, from: address) { return refusal.decision }
            return splice(.room(room, address: address))
        }
    }

    private func splice(_ purpose: SplicePurpose) -> UpgradeDecision {
        let socket = SpliceSocket(purpose: purpose, service: relay)
        return .accept(socket, relay.limits.spliceSockets(times)) { connection in
            connections.add(connection)
            socket.opened(connection)
        }
    }

    private func decide(_ body: () throws(RegistrationFault) -> UpgradeDecision) -> UpgradeDecision {
        do throws(RegistrationFault) {
            return try body()
        } catch {
            return .refuse(.init(code: error.status), error.code, error.message)
        }
    }
}

/// Why a socket of the relay is refused before it is one.
struct RelayRefusal: Error {
    var status: Int
    var code: String
    var message: String

    var decision: UpgradeDecision { .refuse(.init(code: status), code, message) }
}

extension URI {
    fileprivate func text(_ name: Substring) -> String? { queryParameters[name].map(String.init) }
}
