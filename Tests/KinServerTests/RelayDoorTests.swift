import KinRelay
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

    @Test(
        "20 new sockets a second are taken from an address, whatever they are for; an IPv6 customer is one address",
        arguments: [["192.0.2.1"], (1...25).map { "2001:db8:1:1::\($0)" }])
    func rate(addresses: [String]) async throws {
        try await RelayBench.run { bench in
            let machine = "owner_id=\(RelayBench.route)&machine_id=\(RelayBench.machine(1))"
            let paths = ["/agent/signal?\(machine)", "/link?\(machine)", RelayBench.roomPath(1), "/mesh"]
            let answers = try (0..<25).map { turn in
                try status(ask(paths[turn % 4], from: addresses[turn % addresses.count], bench))
            }
            #expect(answers.prefix(20).allSatisfy { $0 == 101 || $0 == 404 })
            #expect(answers.suffix(5).allSatisfy { $0 == 429 })
            let neighbour = try status(ask(paths[1], from: "2001:db8:1:2::1", bench))
            #expect(neighbour == 101)
            #expect(bench.figures["kin_server_rate_limited_total{what=\"connection\"}"] == 5)
            bench.pass(1_000)
            let later = try status(ask(paths[1], from: addresses[0], bench))
            #expect(later == 101)
        }
    }

    @Test("this machine is not limited")
    func loopback() async throws {
        try await RelayBench.run { bench in
            let answers = try (0..<100).map { _ in try status(ask(RelayBench.roomPath(1), from: "127.0.0.1", bench)) }
            #expect(answers.allSatisfy { $0 == 101 })
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
        let control = WebSocketLimits(maxMessageBytes: RelayLimits().controlMessageBytes)
        #expect(control.maxMessageBytes == 262_144)
        let splice = RelayLimits().spliceSockets
        #expect(splice.maxMessageBytes == 65_535 && splice.slowReaderAfter == .seconds(10))
        #expect(splice.maxBufferedBytes == 131_072 && splice.readsPerTurn == 1)
        for limits in [control, splice] {
            #expect(limits.pingInterval == .seconds(20) && limits.deadAfter == .seconds(60))
        }
    }
}
