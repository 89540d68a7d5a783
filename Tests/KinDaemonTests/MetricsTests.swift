import AsyncHTTPClient
import Foundation
import KinClient
import KinDaemonAPI
import KinEncoding
import KinSession
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import Testing

@testable import KinDaemon

extension TestDaemon {
    func figures() async throws -> Figures { Figures(try await client.metrics()) }

    /// Waits until a series has that value.
    func counts(_ series: String, _ value: Double) async throws {
        try await eventually("\(series) is \(value)") { try await figures()[series] == value }
    }
}

/// Each figure moves by what it is of.
@Suite struct MetricsTests {
    @Test("a message is counted where it is sent, relayed and received, once, and its lag is told")
    func delivery() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let (laptop, studio) = (daemons[0], daemons[1])
            #expect(try await studio.figures()["kin_daemon_lag_ms"] == nil)
            for _ in 1...2 { _ = try await laptop.send("hi", to: "studio", id: "m-1") }
            try await laptop.waits(for: ClientMessageID("m-1").orThrow("an id"), toBe: .delivered)
            let (sender, receiver) = (try await laptop.figures(), try await studio.figures())
            #expect(sender["kin_daemon_send_total"] == 1)
            #expect(sender["kin_daemon_relayed_total"] == 1)
            #expect(sender["kin_daemon_recv_total"] == 0)
            #expect(sender["kin_daemon_dedupe_total{direction=\"local\"}"] == 1)
            #expect(receiver["kin_daemon_recv_total"] == 1)
            #expect(receiver["kin_daemon_send_total"] == 0)
            #expect(try #require(receiver["kin_daemon_lag_ms"]) < 60_000)
            for figures in [sender, receiver] {
                #expect(figures["kin_daemon_connected"] == 1)
                #expect(figures["kin_daemon_relays{state=\"registered\"}"] == 1)
                #expect(figures["kin_daemon_outbox_depth{status=\"pending\"}"] == 0)
                #expect(figures["kin_daemon_outbox_age_seconds"] == 0)
                #expect(figures["kin_daemon_dead_total"] == 0)
                #expect(figures["kin_daemon_clone_suspected_total"] == 0)
                #expect(try #require(figures["kin_daemon_disk_pct{kind=\"home\"}"]) > 0)
            }
            #expect(!(try await laptop.client.metrics()).contains("studio"))
        }
    }

    @Test("sessions that come about again are counted by why the one before ended, and the queue by its age")
    func outage() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            try await laptop.isConnected()
            #expect(try await laptop.figures()["kin_daemon_reconnects_total{reason=\"server_draining\"}"] == 0)
            try await house.server.stop()
            try await laptop.counts("kin_daemon_connected", 0)
            _ = try await laptop.send("hi", to: "laptop")
            let figures = try await laptop.figures()
            #expect(figures["kin_daemon_outbox_depth{status=\"pending\"}"] == 1)
            #expect(figures["kin_daemon_relays{state=\"lost\"}"] == 1)
            try await eventually("it grows old") {
                try await laptop.figures()["kin_daemon_outbox_age_seconds"].map { $0 > 0 } ?? false
            }
            try await house.server.start()
            try await laptop.counts("kin_daemon_reconnects_total{reason=\"server_draining\"}", 1)
            try await laptop.counts("kin_daemon_outbox_depth{status=\"pending\"}", 0)
        }
    }

    @Test("what the broker refuses, knows and lets wait is counted as such")
    func refusals() async throws {
        try await House.runAgainstFake { asked in
            switch asked.send.clientMessageID.description {
            case "bad": return asked.nack("too_large", retryable: false)
            case "known":
                return .frame(
                    .ack(
                        Ack(
                            clientMessageID: asked.send.clientMessageID, brokerMessageID: 5, duplicate: true,
                            firstSeenAt: 4)))
            default: return asked.nack("rate_limited", retryable: true, after: 1_800_000)
            }
        } _: { laptop, _ in
            for id in ["bad", "known", "slow"] { _ = try await laptop.send("x", to: "laptop", id: id) }
            try await laptop.counts("kin_daemon_dead_total", 1)
            try await laptop.counts("kin_daemon_dedupe_total{direction=\"out\"}", 1)
            try await laptop.counts("kin_daemon_outbox_depth{status=\"pending\"}", 1)
            let figures = try await laptop.figures()
            #expect(figures["kin_daemon_outbox_depth{status=\"dead\"}"] == 1)
            #expect(figures["kin_daemon_relayed_total"] == 1)
            #expect(figures["kin_daemon_send_total"] == 3)
        }
    }

    @Test("what does not open is counted by its fault", arguments: ["does_not_open", "unknown_sender", "malformed"])
    func faults(reason: String) async throws {
        try await House.runAgainstFake { asked in
            guard case .dm(let member) = asked.send.destination else { return .nothing }
            let stranger = ULID(milliseconds: 1, randomness: Array(repeating: 3, count: 10))
            let push = Push(
                brokerMessageID: 77, clientMessageID: asked.send.clientMessageID,
                sender: reason == "unknown_sender" ? stranger : member, line: asked.send.line, seq: 1,
                destination: .dm(member), priority: .next, sentAt: 1)
            return .push(push, body: [UInt8](repeating: 5, count: reason == "malformed" ? 3 : 200))
        } _: { laptop, _ in
            _ = try await laptop.send("bait", to: "laptop")
            try await laptop.counts("kin_daemon_invalid_inbound_total{reason=\"\(reason)\"}", 1)
            let figures = try await laptop.figures()
            let moved = figures.series.filter { $0.hasPrefix("kin_daemon_invalid_inbound_total") && figures[$0] != 0 }
            #expect(moved.count == 1)
            // A post that waits for its key is no fault.
            for fault in MessageFault.allCases where fault != .keyMissing {
                #expect(figures["kin_daemon_invalid_inbound_total{reason=\"\(fault.rawValue)\"}"] != nil)
            }
        }
    }

    @Test("a broker that repeats, talks garbage and tells of strangers is counted, and cut ones come back")
    func hostile() async throws {
        let stranger = try await TestFamily(now: realNow()).device().chain
        let wish = Array(#"{"type":"wish"}"#.utf8)
        let additions: [[UInt8]] = [
            [1, 2, 3], [0, 0, 0, UInt8(wish.count)] + wish,
            MeshFrame.member(Member(chain: stranger, online: true)).encoded(),
        ]
        try await HostileBroker.run { frame, direction in
            guard direction == .toDaemon, case .push = frame.message else { return [frame.bytes] }
            return [frame.bytes, frame.bytes] + additions
        } _: { broker, relay in
            try await House.run { house in
                let laptop = try await house.start("laptop", servers: [broker.url, relay.url])
                try await laptop.sees(["laptop"])
                try await laptop.isConnected()
                _ = try await laptop.send("hi", to: "laptop", id: "m-1")
                try await laptop.counts("kin_daemon_recv_total", 1)
                try await laptop.counts("kin_daemon_dedupe_total{direction=\"in\"}", 1)
                for reason in ["frame_invalid", "frame_unknown", "chain_refused"] {
                    try await eventually("\(reason) is counted") {
                        try await laptop.figures()["kin_daemon_invalid_inbound_total{reason=\"\(reason)\"}"] ?? 0 > 0
                    }
                }
                broker.loseDaemons()
                try await laptop.counts("kin_daemon_reconnects_total{reason=\"connection_lost\"}", 1)
            }
        }
    }

    @Test("requests are counted by route, method and kind of answer; nothing of what they ask for is a label")
    func requests() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            _ = try await laptop.call(.GET, "/v1/health")
            _ = try await laptop.call(.GET, "/v1/message/secret-id")
            _ = try await laptop.call(.GET, "/v1/secret")
            _ = try await laptop.post("{}")
            let text = try await laptop.client.metrics()
            let figures = Figures(text)
            let name = "kin_daemon_ipc_request_total"
            #expect(figures["\(name){route=\"/v1/health\",method=\"GET\",status=\"2xx\"}"] ?? 0 >= 1)
            #expect(figures["\(name){route=\"/v1/message/{client_message_id}\",method=\"GET\",status=\"4xx\"}"] == 1)
            #expect(figures["\(name){route=\"none\",method=\"any\",status=\"4xx\"}"] == 1)
            #expect(figures["\(name){route=\"/v1/send\",method=\"POST\",status=\"4xx\"}"] == 1)
            let duration = "kin_daemon_ipc_duration_seconds"
            #expect(figures["\(duration)_count{route=\"/v1/send\",method=\"POST\"}"] == 1)
            #expect(!text.contains("secret"))
        }
    }

    @Test("an outbox that fills up shows in its room and its pressure")
    func pressure() async throws {
        try await House.run { house in
            let state = try await house.home("laptop")
            try Data("[outbox]\nmax_bytes = 1048576\n".utf8).write(to: URL(fileURLWithPath: state.configPath))
            let laptop = try await house.start("laptop")
            try await laptop.sees(["laptop"])
            try await house.server.stop()
            try await laptop.counts("kin_daemon_connected", 0)
            #expect(try await laptop.figures()["kin_daemon_outbox_pressure"] == 0)
            for _ in 1...15 { _ = try await laptop.send(String(repeating: "x", count: 60_000), to: "laptop") }
            let figures = try await laptop.figures()
            #expect(figures["kin_daemon_outbox_pressure"] == 1)
            #expect(figures["kin_daemon_outbox_degraded"] == 0)
            #expect(try #require(figures["kin_daemon_disk_pct{kind=\"outbox\"}"]) > 80)
        }
    }

    @Test("a start on another machine is counted")
    func clone() async throws {
        try await House.run { house in
            let state = try await house.home("laptop")
            let hosts = (1...2).map { TestHost(etc: "0123456789abcdef0123456789abcdef", macs: ["eth0": $0]) }
            try Data("[clone]\npolicy = \"warn\"\n".utf8).write(to: URL(fileURLWithPath: state.configPath))
            for (host, count) in zip(hosts, [0.0, 1.0]) {
                let laptop = try await house.start(
                    DaemonOptions(
                        state: state, name: DeviceName("laptop"), servers: [house.server.url],
                        executable: "/nonexistent", host: host.reader))
                #expect(try await laptop.figures()["kin_daemon_clone_suspected_total"] == count)
                #expect(try await laptop.client.health().cloneSuspected == (count == 1))
                try await laptop.stop()
            }
        }
    }

    @Test("every name is in docs/operations.md, and every one there is shown")
    func names() async throws {
        try await House.run { house in
            let laptop = try await house.start("laptop")
            let own = try documented("kin_daemon_").union(documented("process_"))
            #expect(try await laptop.figures().names == own)
            let expected = try ["kin_broker_", "kin_relay_", "kin_server_", "process_"].flatMap { try documented($0) }
            #expect(try await serverFigures(house).names == Set(expected))
        }
    }

    @Test("a server's figures move with its daemons")
    func server() async throws {
        try await House.run { house in
            let daemons = try await house.start(family: "laptop", "studio")
            let answer = try await daemons[0].send("hi", to: "studio")
            try await daemons[0].waits(for: answer.clientMessageID, toBe: .delivered)
            let figures = try await serverFigures(house)
            #expect(figures["kin_broker_sessions"] == 2)
            #expect(figures["kin_broker_members_connected"] == 2)
            #expect(figures["kin_broker_meshes"] == 1)
            // The message and its receipt, and what the daemons say of themselves.
            #expect(try #require(figures["kin_broker_accepted_total"]) >= 2)
            #expect(try #require(figures["kin_broker_pushes_total"]) >= 2)
            #expect(figures["kin_relay_registrations"] == 2)
            #expect(figures["kin_relay_registered_total{kind=\"new\"}"] == 2)
            #expect(figures["kin_relay_entries"] == 2)
            #expect(try #require(figures["kin_relay_published_total"]) >= 2)
            #expect(try #require(figures["kin_relay_bytes"]) > 0)
            #expect(try #require(figures["kin_server_commit_writes_count"]) >= 2)
            #expect(try #require(figures["kin_server_commit_seconds_sum"]) > 0)
            #expect(figures["kin_server_store_degraded"] == 0)
            try await daemons[1].stop()
            try await eventually("the studio has gone") { try await serverFigures(house)["kin_broker_sessions"] == 1 }
            let after = try await serverFigures(house)
            let closed = after.series.filter { $0.hasPrefix("kin_broker_closes_total") }.compactMap { after[$0] }
            #expect(closed.reduce(0, +) == 1)
            #expect(after["kin_relay_registrations"] == 1)
        }
    }

    private func serverFigures(_ house: House) async throws -> Figures {
        let response = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: house.server.url + "/metrics"), timeout: .seconds(30))
        #expect(response.status == .ok)
        return Figures(String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// The names of the tables in docs/operations.md.
    private func documented(_ prefix: String) throws -> Set<String> {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/operations.md"), encoding: .utf8)
        return Set(
            page.split(separator: "\n").compactMap { line in
                line.firstMatch(of: /^\| `([a-z_]+)` \|/).map { String($0.1) }
            }.filter { $0.hasPrefix(prefix) })
    }

    @Test(
        "a session's end is counted as one of five, whatever the broker wrote",
        arguments: [
            (.lost("server_draining"), .serverDraining), (.lost("slow_consumer"), .slowConsumer),
            (.lost("inbox_write_failed"), .storeFailed), (.lost("whatever a broker writes"), .connectionLost),
            (.refused(code: "x", message: "y"), .refused), (.fatal(KinError("x", "y")), .refused),
        ] as [(MeshEnd, ReconnectReason)])
    func reasons(end: MeshEnd, reason: ReconnectReason) { #expect(ReconnectReason(end) == reason) }
}
