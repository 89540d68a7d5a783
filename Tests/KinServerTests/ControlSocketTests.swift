import AsyncHTTPClient
import KinEncoding
import KinRelay
import KinTestServer
import KinTesting
import KinWebSocket
import KinWire
import NIOCore
import Testing

@testable import KinServer

/// Control sockets: what is refused, what is counted, what is written down.
@Suite struct ControlSocketTests {
    private static func text(_ message: RelayMessage) -> WebSocketMessage {
        .text(String(decoding: message.canonicalBytes(), as: UTF8.self))
    }

    static let faults: [(what: String, message: WebSocketMessage, code: UInt16, reason: String)] = [
        ("bytes", .binary(ByteBuffer(bytes: [1])), 1003, "text_expected"),
        ("no JSON", .text("{"), 1008, "invalid_message"),
        ("an unknown type", .text(#"{"type":"shout"}"#), 1008, "invalid_message"),
        ("what only relays say", .text(#"{"type":"ready"}"#), 1008, "invalid_message"),
        ("an attach", text(.attach(session: [UInt8](repeating: 1, count: 16))), 1008, "invalid_message"),
        (
            "a record of 8,193 bytes", text(.registry(blob: [UInt8](repeating: 1, count: 8193))), 1009,
            "record_too_large"
        ),
    ]

    @Test("a control message that is none ends its socket with its reason, and is counted", arguments: faults.indices)
    func refused(index: Int) async throws {
        let (message, code, reason) = (Self.faults[index].message, Self.faults[index].code, Self.faults[index].reason)
        try await RelayBench.run { bench in
            let device = try await bench.device()
            device.control.connection.send(message)
            #expect(try await device.control.closed() == .init(code: code, reason: reason))
            #expect(bench.figures["kin_relay_control_refusals_total{code=\"\(reason)\"}"] == 1)
            try await eventually("its slot is free") { bench.figures["kin_relay_registrations"] == 0 }
        }
    }

    @Test("a control message of 256 KiB is read, one byte more is not")
    func largest() async throws {
        try await RelayBench.run { bench in
            let device = try await bench.device()
            device.control.connection.send(.text(String(repeating: " ", count: 262_144)))
            #expect(try await device.control.closed().reason == "invalid_message")
            let other = try await bench.device(2)
            other.control.connection.send(.text(String(repeating: " ", count: 262_145)))
            #expect(try await other.control.closed().code == 1009)
        }
    }

    /// The path of a machine's control socket.
    private static func path(_ machine: Int) -> String {
        "/agent/signal?owner_id=\(RelayBench.route)&machine_id=\(RelayBench.machine(machine))"
    }

    /// What a machine is answered that is not let in.
    private static func refusal(of machine: Int, secret: String = "a", at bench: RelayBench) async throws -> (
        Int, String
    ) {
        let error = try await #require(throws: WebSocketError.self) {
            _ = try await bench.connect(path(machine), secret: String(repeating: secret, count: 64))
        }
        let refusal = try error.refusal.orThrow("a refusal")
        return (refusal.status, refusal.body)
    }

    @Test(
        "a route id with 256 machines takes no other, by 429, until one is gone; a known one is replaced, closed 4003")
    func machines() async throws {
        try await RelayBench.run { bench in
            var devices: [RelayBench.Device] = []
            for machine in 1...256 { devices.append(try await bench.device(machine)) }
            let (status, body) = try await Self.refusal(of: 257, at: bench)
            #expect(status == 429 && body.contains("too_many_machines"))
            #expect(bench.figures["kin_relay_refusals_total{code=\"too_many_machines\"}"] == 1)
            devices[0] = try await { [first = devices[0]] in
                let device = try await bench.device(1)
                #expect(try await first.control.closed() == .init(code: 4003, reason: "replaced_by_newer_connection"))
                return device
            }()
            devices[1].control.connection.close(reason: "done")
            try await eventually("one is gone") { bench.figures["kin_relay_registrations"] == 255 }
            #expect(try await Self.refusal(of: 257, at: bench).0 == 429, "its slot has its grace")
            bench.pass(10_000)
            _ = try await bench.device(257)
        }
    }

    @Test("above the memory cap a device is refused by 503, a record by 1013, and what is there stays")
    func memory() async throws {
        try await RelayBench.run({ $0.memoryBytes = 26_000 }) { bench in
            let device = try await bench.device(1)
            let record = [UInt8](repeating: 1, count: 5_000)
            device.control.connection.send(Self.text(.registry(blob: record)))
            try await eventually("it is shown") { bench.figures["kin_relay_entries"] == 1 }
            let other = try await bench.device(2)
            other.control.connection.send(Self.text(.registry(blob: [UInt8](repeating: 2, count: 5_000))))
            #expect(try await other.control.closed() == .init(code: 1013, reason: "relay_full"))
            #expect(bench.figures["kin_relay_control_refusals_total{code=\"relay_full\"}"] == 1)
            device.control.connection.send(Self.text(.registry(blob: [UInt8](repeating: 1, count: 2_000))))
            try await eventually("another one is shown") {
                bench.figures["kin_relay_bytes"].map { $0 < 19_000 } == true
            }
            var refused: (Int, String)?
            for machine in 3..<40 where refused == nil {
                do { _ = try await bench.device(machine) } catch {
                    refused = try await Self.refusal(of: machine, at: bench)
                }
            }
            #expect(refused?.0 == 503 && refused?.1.contains("relay_full") == true)
            #expect(bench.figures["kin_relay_refusals_total{code=\"relay_full\"}"] == 2)
            #expect(bench.figures["kin_relay_bytes"].map { $0 <= 26_000 } == true)
            #expect(bench.figures["kin_relay_entries"] == 1)
        }
    }

    @Test("a held slot is refused by 401 to another secret, and so it is in the grace of its device and long after")
    func held() async throws {
        try await RelayBench.run { bench in
            let device = try await bench.device(1)
            #expect(try await Self.refusal(of: 1, secret: "b", at: bench).0 == 401)
            device.control.connection.close(reason: "done")
            try await eventually("it is gone") { bench.figures["kin_relay_registrations"] == 0 }
            for time in [0, 10_000, 86_400_000] as [Int64] {
                bench.pass(time)
                let (status, body) = try await Self.refusal(of: 1, secret: "b", at: bench)
                #expect(status == 401 && body.contains("slot_held"))
            }
            #expect(bench.figures["kin_relay_refusals_total{code=\"slot_held\"}"] == 4)
            _ = try await bench.device(1)
        }
    }

    @Test("a slot taken for a socket that never opens is free again")
    func neverOpened() async throws {
        try await RelayBench.run { bench in
            let request = try RegistrationRequest(
                owner: RelayBench.route, machine: RelayBench.machine(1), proof: String(repeating: "b", count: 64))
            _ = bench.relay.register(request, from: "127.0.0.1")
            #expect(bench.figures["kin_relay_registrations"] == 1)
            bench.pass(9_999)
            #expect(bench.figures["kin_relay_registrations"] == 1)
            bench.pass(1)
            #expect(bench.figures["kin_relay_registrations"] == 0)
            let device = try await bench.device(2)
            bench.pass(60_000)
            #expect(bench.figures["kin_relay_registrations"] == 1)
            device.control.connection.close(reason: "done")
        }
    }

    @Test(
        "a line tells of each that registers, replaces, is refused, goes, attaches: with 8 digits of its id, and no blob"
    )
    func lines() async throws {
        let lines = Observed([String]())
        try await RelayBench.run(logger: .recording(into: lines)) { bench in
            let machine = "0123456789abcdef"
            let path = "/agent/signal?owner_id=\(RelayBench.route)&machine_id=\(machine)"
            let first = try await bench.connect(path, secret: String(repeating: "a", count: 64))
            first.connection.send(Self.text(.registry(blob: Array("a secret blob".utf8))))
            let device = RelayBench.Device(
                control: try await bench.connect(path, secret: String(repeating: "a", count: 64)))
            #expect(try await first.closed().reason == "replaced_by_newer_connection")
            await #expect(throws: WebSocketError.self) {
                _ = try await bench.connect(path, secret: String(repeating: "b", count: 64))
            }
            let link = "/link?owner_id=\(RelayBench.route)&machine_id=\(machine)"
            let waiting = try await bench.connect(link)
            let session = try await device.sessions(after: 0)[0]
            device.control.connection.close(reason: "done")
            _ = try await waiting.closed()
            _ = try await bench.connect(link).closed()
            let heard = try await lines.wait { $0.count >= 7 }
            let short = #"["device": 01234567]"#
            let plain = ["registered", "registration_replaced", "attached", "unregistered"].map {
                "info \($0) \(short)"
            }
            #expect(Set(heard.filter { !$0.contains("_refused") }) == Set(plain))
            #expect(heard.filter { $0.contains("registration_refused") && $0.contains("slot_held") }.count == 1)
            #expect(heard.filter { $0.contains("link_refused") && $0.contains("device_offline") }.count == 2)
            #expect(heard.filter { $0.contains("unregistered") }.count == 1, "the one that was replaced did not go")
            for secret in [machine, session, RelayBench.route, "a secret blob", Base64.encode(Array("a secret".utf8))] {
                #expect(!heard.joined().contains(secret))
            }
        }
    }
}
