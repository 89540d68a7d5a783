import KinServer
import KinTesting
import KinWebSocket
import NIOCore
import Testing

@Suite("Connections that do not become WebSockets")
struct WebSocketUpgradeRefusalTests {
    @Test("a refused upgrade gives its status and body to the client's error")
    func refused() async throws {
        let body = #"{"error":{"code":"unauthorized","message":"no token"}}"#
        try await WebSocketTestServer.run(policy: { _, _ in .refuse(.unauthorized, body: body) }) { server in
            let error = await #expect(throws: WebSocketError.self) { try await server.connect() }
            #expect(error?.code == "upgrade_refused")
            #expect(error?.refusal == .init(status: 401, body: body))
        }
    }

    @Test("an upgrade the policy leaves to HTTP is answered by the router, and the connection ends")
    func leftToHTTP() async throws {
        try await WebSocketTestServer.run(policy: { _, _ in .notWebSocket }) { server in
            let peer = try await RawPeer.connect(to: server.port)
            peer.send(RawPeer.handshake.replacing("/mesh", with: "/healthz"))
            try await peer.heard.wait { $0.text.hasPrefix("HTTP/1.1 200 OK") && $0.text.hasSuffix("\r\n\r\nok") }
            try await peer.waitForEnd()
        }
    }

    @Test("an upgrade to something else is answered as plain HTTP")
    func otherProtocol() async throws {
        try await WebSocketTestServer.run(policy: WebSocketTestServer.accepting(.echo())) { server in
            let peer = try await RawPeer.connect(to: server.port)
            peer.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
            try await peer.heard.wait { $0.text.hasPrefix("HTTP/1.1 200 OK") && $0.text.hasSuffix("\r\n\r\nok") }
            try await peer.waitForEnd()
        }
    }

    @Test("an upgrade on a connection that served HTTP is answered by the router")
    func secondRequest() async throws {
        try await WebSocketTestServer.run(policy: WebSocketTestServer.accepting(.echo())) { server in
            let peer = try await RawPeer.connect(to: server.port)
            peer.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            try await peer.heard.wait { $0.text.hasSuffix("\r\n\r\nok") }
            peer.heard.update { $0.bytes.clear() }
            peer.send(RawPeer.handshake)
            try await peer.heard.wait { $0.text.hasPrefix("HTTP/1.1 404 Not Found") }
            try await peer.waitForEnd()
        }
    }

    @Test(
        "a malformed handshake is refused with what is wrong",
        arguments: [
            ("Version: 13", "Version: 8", "426", "Sec-WebSocket-Version"),
            ("GET", "POST", "400", "GET over HTTP/1.1"),
            ("HTTP/1.1", "HTTP/1.0", "400", "GET over HTTP/1.1"),
            ("keep-alive, Upgrade", "keep-alive", "400", "Connection"),
            ("dGhlIHNhbXBsZSBub25jZQ==", "short", "400", "Sec-WebSocket-Key"),
            ("Host: ", "Content-Length: 5\r\nHost: ", "400", "no body"),
            ("Host: ", "Transfer-Encoding: chunked\r\nHost: ", "400", "no body"),
        ]
    )
    func malformed(part: String, replacement: String, status: String, fault: String) async throws {
        try await WebSocketTestServer.run(policy: WebSocketTestServer.accepting(.echo())) { server in
            let peer = try await RawPeer.connect(to: server.port)
            peer.send(RawPeer.handshake.replacing(part, with: replacement))
            try await peer.waitForEnd()
            #expect(peer.heard.value.text.hasPrefix("HTTP/1.1 \(status) "))
            #expect(peer.heard.value.text.contains(fault))
            #expect(peer.heard.value.text.contains(#""code":"upgrade_invalid""#))
        }
    }

    @Test(
        "garbage on the port ends that connection and nothing else",
        arguments: ["\u{16}\u{3}\u{1}\u{2}\u{0}", "\r\n\r\n\u{0}", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "SSH-2.0-x\r\n"]
    )
    func garbage(bytes: String) async throws {
        try await WebSocketTestServer.run(policy: WebSocketTestServer.accepting(.echo())) { server in
            let peer = try await RawPeer.connect(to: server.port)
            peer.send(bytes)
            try await peer.waitForEnd()
            #expect(peer.heard.value.text.hasPrefix("HTTP/1.1 400 "))
            let delegate = RecordingDelegate()
            let connection = try await server.connect("/mesh", delegate)
            connection.send(.text("alive"))
            try await delegate.heard.wait { $0.texts == ["alive"] }
        }
    }

    @Test("a head larger than its limit ends the connection")
    func longHead() async throws {
        let configuration = WebSocketUpgradeConfiguration(maxHeaderBytes: 1000)
        let policy = WebSocketTestServer.accepting(.echo())
        try await WebSocketTestServer.run(configuration: configuration, policy: policy) { server in
            let peer = try await RawPeer.connect(to: server.port)
            peer.send("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 2000))
            try await peer.waitForEnd(within: .seconds(4))
            #expect(peer.heard.value.text.hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test(
        "a connection without a whole first request ends at its deadline",
        arguments: ["", "GET /mesh HTTP/1.1\r\nUpgrade: webso", "GET /mesh HTTP/1.1\r\nHost: x\r\n"]
    )
    func halfOpen(bytes: String) async throws {
        let configuration = WebSocketUpgradeConfiguration(negotiationTimeout: .milliseconds(200))
        let policy = WebSocketTestServer.accepting(.echo())
        try await WebSocketTestServer.run(configuration: configuration, policy: policy) { server in
            let peer = try await RawPeer.connect(to: server.port)
            peer.send(bytes)
            try await peer.waitForEnd()
        }
    }

    @Test("an idle kept connection ends; a WebSocket does not")
    func idle() async throws {
        let configuration = WebSocketUpgradeConfiguration(idleTimeout: .milliseconds(200))
        let policy = WebSocketTestServer.accepting(.echo())
        try await WebSocketTestServer.run(configuration: configuration, policy: policy) { server in
            let delegate = RecordingDelegate()
            let connection = try await server.connect("/mesh", delegate)
            let peer = try await RawPeer.connect(to: server.port)
            peer.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            try await peer.waitForEnd()
            #expect(peer.heard.value.text.hasSuffix("\r\n\r\nok"))
            connection.send(.text("still here"))
            try await delegate.heard.wait { $0.texts == ["still here"] }
        }
    }
}
