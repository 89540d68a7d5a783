import AsyncHTTPClient
import KinEncoding
import KinRelay
import KinTestServer
import KinTesting
import KinWebSocket
import KinWire
import NIOCore
import NIOPosix
import Testing

@testable import KinServer

/// Who makes the relay hold something: by messages that do not end, and by answers that are not read.
@Suite struct RelayMemoryTests {
    private static let mask: [UInt8] = [0, 0, 0, 0]

    /// A fragment of 262,143 bytes and the beginning of another frame: all that a control socket can be made to hold.
    private static let hoard: [UInt8] =
        [0x01, 0xff, 0, 0, 0, 0, 0, 3, 0xff, 0xff] + mask + [UInt8](repeating: 32, count: 262_143)
        + [0x80, 0xff, 0, 0, 0, 0, 0, 4, 0, 0] + mask + [UInt8](repeating: 32, count: 100_000)

    /// A device's control socket of which the test sends every byte.
    private func control(_ machine: Int, _ bench: RelayBench) async throws -> RawPeer {
        let path = "/agent/signal?owner_id=\(RelayBench.route)&machine_id=\(RelayBench.machine(machine))"
        let secret = "X-Kin-Registration-Secret: \(String(repeating: "a", count: 64))\r\nHost:"
        let peer = try await RawPeer.connect(to: bench.port)
        peer.send(RawPeer.handshake(for: path).replacing("Host:", with: secret))
        try await peer.heard.wait { $0.text.contains("ready") }
        return peer
    }

    private func bytes(_ bench: RelayBench) -> Int { bench.relay.figures().bytes }

    @Test(
        "a control message that does not end is counted while it is held, and ends its socket though a byte comes now and then"
    )
    func unfinished() async throws {
        var times = ServerConfiguration.Times()
        times.message = .milliseconds(500)
        try await RelayBench.run(times: times) { bench in
            let peer = try await control(1, bench)
            #expect(bytes(bench) == 8_192)
            peer.send(Self.hoard)
            try await eventually("it is counted") { bytes(bench) == 8_192 + 262_143 + 100_000 }
            try await eventually("it is closed", within: .seconds(10)) {
                peer.send([32])
                return peer.heard.value.isEnded
            }
            try await eventually("nothing of it is left") { bytes(bench) == 8_192 }
            bench.pass(10_000)
            #expect(bytes(bench) == 0)
        }
    }

    @Test("above a quarter of the memory nobody else's long message is kept, and a device's record is")
    func capped() async throws {
        try await RelayBench.run({ $0.memoryBytes = 2 << 20 }) { bench in
            let first = try await control(1, bench)
            first.send(Self.hoard)
            try await eventually("it is counted") { bytes(bench) == 8_192 + 362_143 }
            let second = try await control(2, bench)
            second.send(Self.hoard)
            try await second.heard.wait { $0.text.contains("relay_full") }
            let device = try await bench.device(3)
            let record = RelayMessage.registry(blob: [UInt8](repeating: 1, count: 8192)).canonicalBytes()
            device.control.connection.send(.text(String(decoding: record, as: UTF8.self)))
            try await eventually("it is shown") { bench.figures["kin_relay_entries"] == 1 }
            #expect(bench.figures["kin_relay_control_refusals_total{code=\"relay_full\"}"] == 1)
            await first.close()
            await second.close()
        }
    }

    // MARK: Answers

    private static let request = "GET /registry?wallet=\(RelayBench.route) HTTP/1.1\r\nHost: x\r\n\r\n"

    /// Has 256 devices show records of 8 KiB.
    private func fill(_ bench: RelayBench) throws {
        for machine in 0..<256 {
            let request = try RegistrationRequest(
                owner: RelayBench.route, machine: RelayBench.machine(machine),
                proof: String(repeating: "a", count: 64))
            let (blob, id) = ([UInt8](repeating: UInt8(machine), count: 8192), UInt64(1_000_000 + machine))
            bench.relay.state.withLock { state in
                _ = state.relay.connect(request, connection: id, from: "127.0.0.1", now: bench.relay.now())
                _ = state.relay.publish(blob, from: id, now: bench.relay.now())
            }
        }
    }

    private func read(_ bench: RelayBench) async throws -> (status: Int, entries: Int) {
        let url = "http://127.0.0.1:\(bench.port)/registry?wallet=\(RelayBench.route)"
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 16 << 20)
        let entries = try? RegistryEntry.list(json: Array(body.readableBytesView))
        return (Int(response.status.code), entries?.count ?? 0)
    }

    @Test(
        "answers that are not read take room of the relay's memory, no more than their share; whoever reads is served again when they are gone"
    )
    func unread() async throws {
        var times = ServerConfiguration.Times()
        times.answer = .seconds(3)
        try await RelayBench.run(times: times, { $0.memoryBytes = 64 << 20 }) { bench in
            try fill(bench)
            let before = bytes(bench)
            #expect(try await read(bench) == (200, 256))
            var stuck: [RawPeer] = []
            defer { for peer in stuck { peer.channel.close(promise: nil) } }
            for _ in 0..<4 {
                let peer = try await RawPeer.connect(to: bench.port, isReading: false)
                for _ in 0..<30 { peer.send(Self.request) }
                stuck.append(peer)
            }
            try await eventually("there is no room") { try await read(bench).status == 503 }
            #expect(bytes(bench) - before <= 8 << 20)
            #expect(bench.figures["kin_relay_answer_refusals_total{code=\"relay_full\"}"].map { $0 > 0 } == true)
            try await eventually("their room is free", within: .seconds(20)) { bytes(bench) == before }
            // Those two that had the room; the others were refused, and that was taken.
            #expect(bench.relay.openConnections <= 3)
            #expect(try await read(bench) == (200, 256))
        }
    }

    @Test("an answer is as long as it says, whatever is shown")
    func lengths() throws {
        for count in [0, 1, 2, 3, 4, 8191, 8192] {
            for devices in 0..<3 {
                let entries = try (0..<devices).map { device in
                    let machine = try MachineID(RelayBench.machine(device)).orThrow("a machine id")
                    return RegistryEntry(machineID: machine, blob: [UInt8](repeating: 9, count: count))
                }
                #expect(RegistryEntry.canonicalCount(of: entries) == RegistryEntry.canonicalBytes(of: entries).count)
            }
        }
    }

    @Test("the relay's time passes though somebody sets the clock back, and its limits are those of the configuration")
    func steady() async throws {
        var relay = RelayLimits()
        (relay.graceMilliseconds, relay.machinesPerRoute) = (300, 1)
        let configuration = ServerConfiguration(
            listen: ListenAddress(host: "127.0.0.1", port: 0), data: "/proc/none", relay: relay, relayOnly: true)
        let day = Observed<Int64>(1_700_000_000_000)
        let service = RunningService<Int> { ready in
            KinServer(
                configuration, logger: .silent, onListening: ready,
                now: {
                    day.update { $0 -= 60_000 }
                    return day.value
                })
        }
        let port = try await service.ready()
        let path = "/agent/signal?owner_id=\(RelayBench.route)&machine_id="
        let dial: @Sendable (Int) async throws -> WebSocketConnection = { machine in
            try await WebSocketClient.connect(
                to: "ws://127.0.0.1:\(port)\(path)\(RelayBench.machine(machine))",
                headers: ["x-kin-registration-secret": String(repeating: "a", count: 64)],
                limits: .init(maxMessageBytes: 1 << 18), on: MultiThreadedEventLoopGroup.singleton.next(),
                delegate: RecordingDelegate())
        }
        let device = try await dial(1)
        let error = await #expect(throws: WebSocketError.self) { _ = try await dial(2) }
        #expect(error?.refusal?.body.contains("too_many_machines") == true)
        device.close(reason: "done")
        try await eventually("its slot is free", within: .seconds(10)) { (try? await dial(2)) != nil }
        try await service.stop()
    }
}
