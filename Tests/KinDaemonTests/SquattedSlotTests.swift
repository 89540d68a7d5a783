import KinCalls
import KinClient
import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import NIOPosix
import Testing

@testable import KinDaemon

/// A stranger who knows route id and machine id, and is first after a relay's restart.
@Suite(.serialized) struct SquattedSlotTests {
    /// Holds a slot, shows a blob of its own there, and answers every link with noise.
    private static func squat(_ machine: MachineID, of route: String, at url: String) async throws -> RegistrationLink {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let way = RelayCarrier.Route(try ServerAddress(url), tls: nil, on: eventLoop)
        return try await RegistrationLink.open(
            ServerAddress(url), under: route, machineID: machine, keys: .generate(), tls: nil, on: eventLoop,
            blob: { Random.bytes(700) },
            onAttach: { session in
                Task {
                    let carrier = try await RelayCarrier.answer(session, by: way)
                    try await carrier.send(Random.bytes(500))
                }
            }, onEnd: { _ in })
    }

    @Test(
        "a slot that was squatted keeps its device from that relay alone, and both sides hear so; nobody takes the squatter for it"
    )
    func squatted() async throws {
        try await TestServer.run(relayOnly: true) { other in
            try await House.run { house in
                let servers = [house.server.url, other.url]
                let laptop = try await house.start("laptop", servers: servers)
                let former = try await house.start("studio", servers: servers)
                try await laptop.sees(["studio"])
                try await former.stop()
                try await house.server.stop()
                try await house.server.start()
                let machine = try Installation(former.state).machineID
                let route = house.wallet.walletFile.routeID
                let squatter = try await Self.squat(machine, of: route, at: house.server.url)
                defer { squatter.close(reason: "done") }

                let studio = try await house.start("studio", servers: servers)
                try await eventually("studio knows that it is kept out, and is at the other relay") {
                    let relays = try await studio.client.health().relays
                    return relays.map(\.connected) == [false, true] && relays[0].code == "registration_refused"
                }
                let place = try ServerAddress(other.url).authority
                try await eventually("laptop sees it there, and there alone") {
                    try await laptop.client.devices().devices.first { $0.name == "studio" }?.servers == [place]
                }
                let dropped = "kin_daemon_records_dropped_total{reason=\"does_not_open\"}"
                try await eventually("the squatter's record is counted") {
                    Figures(try await laptop.client.metrics())[dropped] ?? 0 > 0
                }
                #expect(try await Self.answerer(to: laptop) == .string(machine.description))

                // Where nothing but the squatter is left, it is found out.
                try await studio.stop()
                try await eventually("what answers there is not believed") {
                    do {
                        Issue.record("\(String(describing: try await Self.answerer(to: laptop))) answered")
                        return true
                    } catch let fault as CallFault {
                        return fault.code == "link_does_not_open"
                    }
                }
            }
        }
    }

    private static func answerer(to caller: TestDaemon) async throws -> JSON? {
        let calls = try await caller.client.calls(now: realNow)
        defer { calls.close() }
        let path = try OperationPath("/studio/device/info").orThrow("a path")
        guard case .object(let info) = try await calls.stream.call(path, within: .seconds(40)) else { return nil }
        return info["machine_id"]
    }
}
