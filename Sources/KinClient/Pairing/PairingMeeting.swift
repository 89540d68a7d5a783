import AsyncHTTPClient
import KinCrypto
import KinEncoding
public import KinLink
public import KinWire

/// A place in a code's pairing room.
public struct PairingMeeting: Sendable {
    private let room: PairingRoom
    private let carrier: any LinkCarrier

    init(room: PairingRoom, carrier: any LinkCarrier) {
        self.room = room
        self.carrier = carrier
    }

    /// A code for a new room, which nobody knows yet.
    /// - Throws: `server_invalid` where a code cannot name that server.
    public static func code(at server: ServerAddress) throws -> PairingCode {
        do throws(WireError) {
            return try PairingCode(server: server.origin, token: Random.bytes(PairingCode.tokenBytes))
        } catch {
            throw KinError("server_invalid", "\(server): \(error.message)", category: .usage)
        }
    }

    /// Goes into the code's room.
    /// - Parameter trustRoots: `SSL_CERT_FILE`.
    /// - Throws: why there is no way in: `relay_unreachable`, `relay_too_old`, `too_many_rooms`, …
    public static func enter(_ code: PairingCode, trustRoots: String?) async throws -> PairingMeeting {
        let room = try paired { () throws(PairingFault) in try PairingRoom(code) }
        let route = RelayCarrier.Route(
            try ServerAddress(code.server), tls: try TrustRoots.tls(trustRoots),
            on: HTTPClient.defaultEventLoopGroup.any())
        do throws(LinkEnd) {
            let carrier = try await RelayCarrier.meet(in: try hex(room.name), by: route)
            return PairingMeeting(room: room, carrier: carrier)
        } catch {
            throw KinError(pairing: error)
        }
    }

    private static func hex(_ name: String) throws(LinkEnd) -> [UInt8] {
        do { return try Hex.decode(name) } catch { throw LinkEnd(.relayRefused) }
    }

    /// Waits for the other side, and has the handshake with it.
    /// - Throws: `pairing_nobody_came`, `pairing_nobody_there`, `pairing_wrong_code`, `pairing_room_taken`, `pairing_cut`.
    public func greet(_ part: Pairing.Part, patience: PairingPatience = .init()) async throws -> PairedPeer {
        do {
            let channel =
                switch part {
                case .entered: try await begin(patience)
                case .shown: try await wait(patience)
                }
            return PairedPeer(channel, carrier)
        } catch {
            carrier.close(reason: "pairing_failed")
            throw switch error {
            case let fault as PairingFault: KinError(fault)
            case let end as LinkEnd: KinError(pairing: end)
            default: error
            }
        }
    }

    private func begin(_ patience: PairingPatience) async throws -> PairingChannel {
        var pairing = try Pairing(.entered, room: room)
        try await carrier.send(pairing.begin())
        let second = try await receive(within: patience.company, else: .nobodyThere)
        var channel = try pairing.finish(second)
        try await carrier.send(channel.begin())
        return channel
    }

    private func wait(_ patience: PairingPatience) async throws -> PairingChannel {
        var pairing = try Pairing(.shown, room: room)
        let first = try await receive(within: patience.whole, else: .nobodyCame)
        try await carrier.send(pairing.answer(first))
        return try pairing.confirm(await receive(within: patience.answer, else: .timedOut))
    }

    /// - Parameter fault: what it means when the time is over.
    private func receive(within limit: Duration, else fault: PairingFault) async throws -> [UInt8] {
        do throws(LinkEnd) {
            return try await carrier.receive(within: limit)
        } catch {
            throw error.cause == .timedOut || error.cause == .roomExpired ? fault : error as any Error
        }
    }
}

/// A fault of pairing as people and programs are told of it.
func paired<T>(_ body: () throws(PairingFault) -> T) throws(KinError) -> T {
    do { return try body() } catch { throw KinError(error) }
}
