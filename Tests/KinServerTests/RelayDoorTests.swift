import KinRelay
import KinTestServer
import KinTesting
import KinWebSocket
import NIOCore
import NIOHTTP1
import Testing

@testable import KinServer

/// Who gets as far as a socket at the relay.
@Suite struct RelayDoorTests {
    private func ask(_ path: String, from address: String, _ bench: RelayBench) throws -> UpgradeDecision {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path)
        head.headers.add(name: "x-kin-registration-secret", value: String(repeating: "a", count: 64))
        return bench.routes.upgrade(head, try SocketAddress(ipAddress: address, port: 4000))
    }

    private func status(_ decision: UpgradeDecision) -> Int {
        switch decision {
        case .accept: 101
        case .refuse(let status, _): status.code
        case .notWebSocket: 404
        }
    }

    /// The status of a plain request on a connection of its own; nil where that is closed.
    private func get(_ bench: RelayBench, _ path: String = "/healthz") async throws -> (status: String?, peer: RawPeer)
    {
        let peer = try await RawPeer.connect(to: bench.port)
        peer.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
        let heard = try await peer.heard.wait { $0.isEnded || $0.answerLength != nil }
        return (heard.text.split(separator: " ").dropFirst().first.map(String.init), peer)
    }

    @Test(
        "20 new connections a second are taken from an address, whatever is asked on them; 20 more hear 429, the rest nothing"
    )
    func rate() async throws {
        try await RelayBench.run(from: "192.0.2.1") { bench in
            var answers: [String?] = []
            for turn in 0..<45 {
                answers.append(try await get(bench, turn.isMultiple(of: 2) ? "/healthz" : "/registry?wallet=x").status)
            }
            #expect(answers.prefix(20).allSatisfy { $0 == "200" || $0 == "400" })
            #expect(answers[20..<40].allSatisfy { $0 == "429" } && answers.suffix(5).allSatisfy { $0 == nil })
            let error = await #expect(throws: WebSocketError.self) {
                _ = try await bench.connect(RelayBench.roomPath(1))
            }
            #expect(error?.refusal == nil)
            #expect(bench.figures["kin_server_rate_limited_total{what=\"connection\"}"] == 20)
            #expect(bench.figures["kin_server_rate_limited_total{what=\"open\"}"] == 6)
            bench.pass(1_000)
            for _ in 0..<20 { _ = try await bench.connect(RelayBench.linkPath()) }
            let refused = await #expect(throws: WebSocketError.self) {
                _ = try await bench.connect(RelayBench.linkPath())
            }
            #expect(refused?.refusal?.status == 429 && refused?.refusal?.body.contains("rate_limited") == true)
        }
    }

    @Test("this machine is not limited")
    func loopback() async throws {
        try await RelayBench.run({ ($0.connectionsPerAddress, $0.connectionsPerSecondPerAddress) = (2, 2) }) { bench in
            var peers: [RawPeer] = []
            for _ in 0..<60 {
                let (status, peer) = try await get(bench)
                #expect(status == "200")
                peers.append(peer)
            }
            #expect(bench.relay.openConnections == 60)
            for peer in peers { await peer.close() }
            try await eventually("all have left") { bench.relay.openConnections == 0 }
        }
    }

    @Test(
        "connections that do nothing are as many as an address may have; the next is closed, and let in when one is gone"
    )
    func idle() async throws {
        try await RelayBench.run(from: "192.0.2.1", { $0.connectionsPerAddress = 4 }) { bench in
            var peers: [RawPeer] = []
            for _ in 0..<4 { peers.append(try await get(bench).peer) }
            let (status, peer) = try await get(bench)
            #expect(status == nil)
            try await peer.waitForEnd()
            #expect(bench.relay.openConnections == 4)
            await peers[0].close()
            try await eventually("there is room") { bench.relay.openConnections == 3 }
            #expect(try await get(bench).status == "200")
        }
    }

    @Test("an address has so many links; the next is refused by 429, and said so")
    func links() async throws {
        try await RelayBench.run(from: "192.0.2.1", { $0.linksPerAddress = 2 }) { bench in
            let device = try await bench.device()
            for _ in 0..<2 { _ = try await bench.connect(RelayBench.linkPath()) }
            _ = try await device.sessions(after: 1)
            let error = await #expect(throws: WebSocketError.self) {
                _ = try await bench.connect(RelayBench.linkPath())
            }
            #expect(error?.refusal?.status == 429 && error?.refusal?.body.contains("too_many_links") == true)
            #expect(bench.figures["kin_relay_link_refusals_total{code=\"too_many_links\"}"] == 1)
        }
    }

    @Test("an address has so many devices of a route id")
    func machines() async throws {
        try await RelayBench.run(from: "192.0.2.1", { $0.machinesPerRouteAndAddress = 2 }) { bench in
            for machine in 1...2 { _ = try await bench.device(machine) }
            let error = await #expect(throws: WebSocketError.self) { _ = try await bench.device(3) }
            #expect(error?.refusal?.status == 429 && error?.refusal?.body.contains("too_many_machines") == true)
        }
    }

    @Test("an address has 16 rooms; the next is refused by 429, and said so")
    func rooms() async throws {
        try await RelayBench.run { bench in
            for room in 0..<16 {
                let id = try RoomID(String(repeating: "0", count: 62) + (room < 10 ? "0\(room)" : "\(room)"))
                let socket = SpliceSocket(purpose: .room(id, address: "192.0.2.7"), service: bench.relay)
                bench.relay.opened(socket)
            }
            let decision = try ask("/pair?room=\(String(repeating: "f", count: 64))", from: "192.0.2.7", bench)
            guard case .refuse(let status, let body) = decision else {
                Issue.record("the 17th room is refused")
                return
            }
            #expect(status == .tooManyRequests && body.contains("too_many_rooms"))
            #expect(bench.figures["kin_relay_link_refusals_total{code=\"too_many_rooms\"}"] == 1)
        }
    }

    @Test("the limits of sockets are those of the protocol")
    func limits() {
        let control = RelayLimits().controlSockets(.init())
        #expect(control.maxMessageBytes == 262_144)
        let splice = RelayLimits().spliceSockets(.init())
        #expect(splice.maxMessageBytes == 65_535 && splice.slowReaderAfter == .seconds(10))
        #expect(splice.maxBufferedBytes == 131_072 && splice.readsPerTurn == 1)
        for limits in [control, splice] {
            #expect(limits.pingInterval == .seconds(20) && limits.deadAfter == .seconds(60))
            #expect(limits.messageWithin == .seconds(10))
        }
    }
}
