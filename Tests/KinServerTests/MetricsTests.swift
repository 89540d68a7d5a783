import AsyncHTTPClient
import KinEncoding
import KinIdentity
import KinRelay
import KinTestServer
import KinTesting
import KinWebSocket
import KinWire
import NIOCore
import Testing

@testable import KinServer

extension HTTPBench {
    struct Page: Sendable {
        var status: Int
        var type: String?
        var text: String

        var figures: Figures { Figures(text) }
    }

    func metrics(_ credential: String? = nil, host: String? = nil) async throws -> Page {
        var request = HTTPClientRequest(url: try server.url + "/metrics")
        if let credential { request.headers.add(name: "Authorization", value: "Bearer \(credential)") }
        if let host { request.headers.add(name: "Host", value: host) }
        let response = try await http.execute(request, timeout: .seconds(30))
        return Page(
            status: Int(response.status.code), type: response.headers.first(name: "content-type"),
            text: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }
}

@Suite("The server's figures") struct MetricsTests {
    @Test("where only this machine reaches the server they are free, but not for a page that had a name lead here")
    func free() async throws {
        try await HTTPBench.run { bench in
            let page = try await bench.metrics()
            #expect(page.status == 200)
            #expect(page.type == "text/plain; version=0.0.4; charset=utf-8")
            #expect(page.figures["kin_server_uptime_seconds"] != nil)
            #expect(try await bench.metrics(host: "evil.example:7440").status == 401)
            #expect(try await bench.metrics(host: "[::1]:7440").status == 200)
        }
    }

    @Test("where others reach it a key of their own scope is needed: no other key, no member's token")
    func guarded() async throws {
        try await HTTPBench.run(tls: SelfSigned()) { bench in
            #expect(try await bench.metrics().status == 401)
            #expect(try await bench.metrics(bench.apiKey().text).status == 403)
            #expect(try await bench.metrics(bench.token()).status == 403)
            let key = try await bench.apiKey(.init(scopes: [.readMetrics]))
            #expect(try await bench.metrics(key.text).status == 200)
            _ = try await bench.withKeys { try await $0.revoke(key.id, now: HTTPBench.now) }
            #expect(try await bench.metrics(key.text).status == 401)
            #expect(try await bench.post(bench.frame("a"), key.text).status == 401)
            #expect(!bench.log.all.contains(key.text))
        }
    }

    @Test(
        "they are free for this machine alone, of a server that knows no other name",
        arguments: [
            ("127.0.0.1", [], "127.0.0.1", "127.0.0.1:7440", true), ("127.0.0.1", [], "127.0.0.1", nil, true),
            ("::1", [], "::1", "[::1]:7440", true), ("localhost", [], "127.0.0.1", "localhost:7440", true),
            ("127.0.0.1", [], "192.168.0.4", "127.0.0.1", false), ("127.0.0.1", [], "unknown", "127.0.0.1", false),
            ("127.0.0.1", [], "127.0.0.1", "kin.example", false),
            ("127.0.0.1", [], "127.0.0.1", "localhost.example", false),
            ("127.0.0.1", ["https://kin.example"], "127.0.0.1", "127.0.0.1", false),
            ("0.0.0.0", [], "127.0.0.1", "127.0.0.1", false),
        ] as [(String, [String], String, String?, Bool)])
    func access(listen: String, origins: [String], address: String, host: String?, isFree: Bool) {
        let configuration = ServerConfiguration(
            listen: ListenAddress(host: listen, port: 7440), data: "/nonexistent", origins: origins)
        #expect(MetricsAccess(configuration).isFree(for: address, host: host) == isFree)
    }

    @Test("sends over HTTP, refused credentials and requests are counted, and name nobody")
    func counts() async throws {
        try await HTTPBench.run { bench in
            for _ in 1...2 { _ = try await bench.post(bench.frame("m-1"), bench.token()) }
            let stranger = ULID(milliseconds: 1, randomness: [UInt8](repeating: 5, count: 10))
            _ = try await bench.post(bench.frame("m-2", to: stranger), bench.token())
            _ = try await bench.post(bench.frame("m-3"), APIKey.random().withText { $0 })
            _ = try await bench.post(bench.frame("m-4"), nil)
            let page = try await bench.metrics()
            let figures = page.figures
            for (series, value) in [
                ("kin_broker_accepted_total", 1), ("kin_broker_duplicates_total", 1),
                ("kin_broker_nacks_total{code=\"unknown_member\"}", 1),
                ("kin_server_credential_refusals_total{code=\"api_key_unknown\"}", 1),
                ("kin_server_credential_refusals_total{code=\"credential_missing\"}", 1),
                ("kin_server_http_request_total{route=\"/v1/messages\",method=\"POST\",status=\"2xx\"}", 2),
                ("kin_server_http_request_total{route=\"/v1/messages\",method=\"POST\",status=\"4xx\"}", 3),
                ("kin_server_http_duration_seconds_count{route=\"/v1/messages\",method=\"POST\"}", 5),
            ] as [(String, Double)] { #expect(figures[series] == value, "\(series)") }
            #expect(try #require(figures["kin_server_commit_writes_count"]) >= 2)
            let names = [bench.laptop.member.description, bench.family.mesh.description, "m-1", "127.0.0.1"]
            for name in names { #expect(!page.text.contains(name)) }
        }
    }

    @Test("a member that sends too fast over HTTP, and an address that connects too fast")
    func rates() async throws {
        let metrics = ServerMetrics()
        metrics.limited["send"].add()
        metrics.limited["connection"].add(2)
        let figures = Figures(metrics.text(.init(), .init()))
        #expect(figures["kin_server_rate_limited_total{what=\"send\"}"] == 1)
        #expect(figures["kin_server_rate_limited_total{what=\"connection\"}"] == 2)
    }

    @Test("a store that refuses is degraded until it takes writes again, and each time is counted")
    func degraded() {
        let metrics = ServerMetrics()
        let figures: () -> Figures = { Figures(metrics.text(.init(), .init())) }
        #expect(figures()["kin_server_store_degraded"] == 0)
        metrics.storeChanged(.init(.full, "full"))
        #expect(figures()["kin_server_store_degraded"] == 1)
        metrics.storeChanged(nil)
        #expect(figures()["kin_server_store_degraded"] == 0)
        #expect(figures()["kin_server_storage_refusals_total{code=\"storage_full\"}"] == 1)
    }

    @Test(
        "a session's end is counted by its code, and as lost where there was none",
        arguments: [
            (1001, .local, "1001"), (4008, .local, "4008"), (4003, .local, "4003"), (4999, .peer, "other"),
            (nil, .peer, "1000"), (1002, .lost, "1002"), (nil, .lost, "lost"),
        ] as [(UInt16?, WebSocketClosure.Origin, String)])
    func closes(code: UInt16?, origin: WebSocketClosure.Origin, label: String) {
        let metrics = ServerMetrics()
        metrics.closed(WebSocketClosure(code: code, reason: "words", origin: origin))
        let figures = Figures(metrics.text(.init(), .init()))
        #expect(figures["kin_broker_closes_total{code=\"\(label)\"}"] == 1)
    }

    @Test("registrations that are taken, replaced and refused are counted, and what is shown")
    func relay() throws {
        let metrics = ServerMetrics()
        let relay = RelayService(metrics: metrics.relay, logger: .silent, now: { 1 })
        let route = try #require(RelayRoute.sample)
        for (proof, kind) in [("a", "new"), ("a", "replaced"), ("b", "refused")] {
            let request = try RegistrationRequest(
                owner: route, machine: "0123456789abcdef", proof: String(repeating: proof, count: 64))
            _ = relay.register(request, from: "127.0.0.1")
            let figures = Figures(metrics.text(.init(), relay.figures()))
            if kind == "refused" {
                #expect(figures["kin_relay_refusals_total{code=\"slot_held\"}"] == 1)
            } else {
                #expect(figures["kin_relay_registered_total{kind=\"\(kind)\"}"] == 1)
            }
            #expect(figures["kin_relay_registrations"] == 1)
        }
    }
}

private enum RelayRoute {
    static let sample: String? = Base58.encode([UInt8](repeating: 7, count: 32))
}
