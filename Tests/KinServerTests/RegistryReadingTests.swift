import HTTPTypes
import KinEncoding
import KinRelay
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import Testing

@testable import KinServer

/// `GET /registry` as bytes on a connection: the same whoever answers, the event loop or the router.
@Suite struct RegistryReadingTests {
    private static let path = "/registry?wallet=\(RelayBench.route)"
    private static let counted = "kin_server_http_request_total{route=\"/registry\",method=\"GET\",status="

    /// Has devices show records.
    private func show(_ bench: RelayBench, devices: Int = 2, bytes: Int = 1_000) throws {
        for machine in 0..<devices {
            let request = try RegistrationRequest(
                owner: RelayBench.route, machine: RelayBench.machine(machine),
                proof: String(repeating: "a", count: 64))
            let (blob, id) = ([UInt8](repeating: UInt8(machine), count: bytes), UInt64(1_000_000 + machine))
            bench.relay.state.withLock { state in
                _ = state.relay.connect(request, connection: id, from: "127.0.0.1", now: bench.relay.now())
                _ = state.relay.publish(blob, from: id, now: bench.relay.now())
            }
        }
    }

    private static func request(_ target: String, _ fields: [String] = [], method: String = "GET") -> String {
        (["\(method) \(target) HTTP/1.1", "Host: x"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// All that is said to these requests, dates left out; the last of them has to end the connection.
    private func said(_ bench: RelayBench, _ requests: String...) async throws -> String {
        let peer = try await RawPeer.connect(to: bench.port)
        for request in requests { peer.send(request) }
        try await peer.waitForEnd()
        return peer.heard.value.text.replacing(/\r\nDate: [^\r]*/, with: "")
    }

    private static let last = request("/healthz", ["Connection: close"])
    private static let afterLast = "HTTP/1.1 200 OK\r\n"

    private func tag(_ bench: RelayBench) throws -> String {
        try bench.relay.reading(of: RelayBench.route, known: []).orThrow("a reading").tag
    }

    @Test("the head and the body of a list are these, and those that the router answers with")
    func bytes() async throws {
        try await RelayBench.run { bench in
            try show(bench, devices: 1, bytes: 3)
            let body = #"[{"blob":"AAAA","machine_id":"0000000000000000"}]"#
            let tag = try tag(bench)
            let expected = """
                HTTP/1.1 200 OK\r
                Content-Type: application/json\r
                ETag: \(tag)\r
                Content-Length: \(body.utf8.count)\r
                \r
                \(body)
                """
            #expect(try await said(bench, Self.request(Self.path), Self.last).hasPrefix(expected + Self.afterLast))
            #expect(try await said(bench, Self.request(Self.path, ["Connection: close"])) == expected)
            #expect(bench.figures[Self.counted + "\"2xx\"}"] == 2)
        }
    }

    static let asked: [(what: String, target: String, fields: [String])] = [
        ("a list", path, []),
        (
            "one that nobody shows anything in", "/registry?wallet=\(Base58.encode([UInt8](repeating: 9, count: 32)))",
            []
        ),
        ("another version", path, ["If-None-Match: \"x\""]),
        ("no route id", "/registry?wallet=abc", []),
        ("one that is too short", "/registry?wallet=\(RelayBench.route.dropLast())", []),
        ("one of other letters", "/registry?wallet=0OIl\(RelayBench.route.dropFirst(4))", []),
        ("none", "/registry?wallet=", []),
        ("no query", "/registry", []),
        ("more in the query", path + "&x=1", []),
        (
            "an escape",
            "/registry?wallet=%\(String(RelayBench.route.utf8.first ?? 0, radix: 16))" + RelayBench.route.dropFirst(),
            []
        ),
        ("a credential", path + "&token=1", []),
        ("another path", "/registry/x?wallet=\(RelayBench.route)", []),
    ]

    @Test("whatever is asked, the answer at once is that of the router", arguments: asked.indices)
    func same(index: Int) async throws {
        let (_, target, fields) = Self.asked[index]
        try await RelayBench.run { bench in
            try show(bench)
            let atOnce = try await said(bench, Self.request(target, fields), Self.last)
            let routed = try await said(bench, Self.request(target, fields + ["Connection: keep-alive"]), Self.last)
            #expect(atOnce == routed)
            #expect(atOnce.hasPrefix("HTTP/1.1 "))
        }
    }

    @Test("who has the version is told so without a body, at once and by the router")
    func unchanged() async throws {
        try await RelayBench.run { bench in
            try show(bench)
            let tag = try tag(bench)
            let expected = "HTTP/1.1 304 Not Modified\r\nETag: \(tag)\r\n\r\n"
            for fields in [["If-None-Match: \(tag)"], ["If-None-Match: \(tag)", "Connection: keep-alive"]] {
                let said = try await said(bench, Self.request(Self.path, fields), Self.last)
                #expect(said.hasPrefix(expected + Self.afterLast))
            }
            #expect(bench.figures[Self.counted + "\"3xx\"}"] == 2)
        }
    }

    @Test("a list is answered at once where it is short, and asked for by its plain address with GET")
    func atOnce() async throws {
        try await RelayBench.run { bench in
            try show(bench)
            func answer(_ method: HTTPRequest.Method, _ path: String) -> ImmediateAnswer? {
                bench.routes.immediate(.init(method: method, scheme: "http", authority: "x", path: path))
            }
            #expect(answer(.get, Self.path)?.status == .ok)
            for method in [HTTPRequest.Method.head, .post, .put, .delete, .options] {
                #expect(answer(method, Self.path) == nil)
            }
            for (_, target, fields) in Self.asked.dropFirst(3) where fields.isEmpty {
                #expect(answer(.get, target) == nil)
            }
            try show(bench, devices: 4, bytes: 8192)
            #expect(answer(.get, Self.path) == nil, "\(4 * 8192) bytes are more, as text, than a connection takes")
        }
    }

    @Test("of HEAD and POST the router decides, and their bodies are no requests")
    func methods() async throws {
        try await RelayBench.run { bench in
            try show(bench)
            let body = Self.request(Self.path)
            let post = Self.request(Self.path, ["Content-Length: \(body.utf8.count)"], method: "POST") + body
            let get = Self.request(Self.path, ["Content-Length: \(body.utf8.count)"]) + body
            let head = Self.request(Self.path, method: "HEAD")
            let said = try await said(bench, post, head, get, Self.last)
            #expect(said.matches(of: /HTTP\/1.1 (\d+)/).map(\.1) == ["404", "404", "200", "200"])
        }
    }

    @Test("answers come in the order of their requests, whoever makes them")
    func order() async throws {
        try await RelayBench.run { bench in
            try show(bench, devices: 4, bytes: 6_000)
            let list = (Self.request(Self.path), "[{\"blob")
            let same = (Self.request(Self.path, ["If-None-Match: \(try tag(bench))"]), "304 Not")
            let health = (Self.request("/healthz"), "\"status")
            let bad = (Self.request("/registry?wallet=x"), "invalid_r")
            let round = [list, health, list, same, bad, same, list, list, health, bad, list]
            let rounds = (0..<40).flatMap { _ in round }
            let said = try await said(bench, rounds.map(\.0).joined() + Self.last)
            let answers = said.matches(of: /\[\{"blob|304 Not|"status|invalid_r/).map { String($0.0) }
            #expect(answers == rounds.map(\.1) + ["\"status"])
        }
    }

    @Test("a reader of HTTP/1.0 is answered at once as by the router")
    func old() async throws {
        try await RelayBench.run { bench in
            try show(bench)
            var answers: [String] = []
            for field in ["X-Some: 0", "Content-Length: 0"] {
                let peer = try await RawPeer.connect(to: bench.port)
                peer.send("GET \(Self.path) HTTP/1.0\r\nHost: x\r\n\(field)\r\n\r\n")
                answers.append(try await peer.heard.wait { $0.text.hasSuffix("]") }.text)
                #expect(!peer.heard.value.isEnded)
                await peer.close()
            }
            let withoutDates = answers.map { $0.replacing(/\r\nDate: [^\r]*/, with: "") }
            #expect(withoutDates[0] == withoutDates[1] && answers[0].hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test("what follows a request that ends its connection is not answered")
    func ending() async throws {
        try await RelayBench.run { bench in
            try show(bench)
            let said = try await said(
                bench,
                Self.request(Self.path) + Self.request(Self.path, ["Connection: close"]) + Self.request(Self.path))
            #expect(said.ranges(of: "HTTP/1.1 200").count == 2)
        }
    }

    @Test("for a reader that takes nothing no more is made than its connection holds, and it is ended")
    func unread() async throws {
        var times = ServerConfiguration.Times()
        times.answer = .seconds(2)
        try await RelayBench.run(times: times) { bench in
            try show(bench, devices: 4, bytes: 6_000)
            let peer = try await RawPeer.connect(to: bench.port, isReading: false)
            let many = String(repeating: Self.request(Self.path), count: 5_000)
            peer.send(many)
            try await eventually("it is answered") { bench.figures[Self.counted + "\"2xx\"}"] != nil }
            try await eventually("it is ended", within: .seconds(30)) { bench.relay.openConnections == 0 }
            // Of 160 MB the kernel takes some, whatever this side does.
            let made = try bench.figures[Self.counted + "\"2xx\"}"].orThrow("answers")
            #expect(made < 500)
            await peer.close()
        }
    }

    @Test("a connection that was answered at once goes on, and ends with the server")
    func shutdown() async throws {
        let server = try await TestServer.start(data: "/proc/none/kindred", relayOnly: true)
        let peer = try await RawPeer.connect(to: server.port)
        peer.send(Self.request(Self.path))
        try await peer.heard.wait { $0.text.hasSuffix("[]") }
        peer.send(Self.request(Self.path))
        try await peer.heard.wait { $0.text.ranges(of: "[]").count == 2 }
        #expect(!peer.heard.value.isEnded)
        let stopped = Task { try await server.stop() }
        try await peer.waitForEnd()
        try await stopped.value
    }
}
