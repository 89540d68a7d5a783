import KinServer
import KinTesting
import KinWebSocket
import NIOCore
import NIOPosix
import Testing

@Suite("WebSockets and HTTP on one port")
struct WebSocketUpgradeTests {
    @Test("a WebSocket echoes text and binary")
    func echo() async throws {
        let echo = RecordingDelegate.echo()
        try await WebSocketTestServer.run(policy: WebSocketTestServer.accepting(echo)) { server in
            let delegate = RecordingDelegate()
            let connection = try await server.connect("/mesh", delegate)
            connection.send(.text("grün"))
            connection.send(.binary(ByteBuffer(bytes: [0, 255])))
            let heard = try await delegate.heard.wait { $0.messages.count == 2 }
            #expect(heard.messages == [.text("grün"), .binary(ByteBuffer(bytes: [0, 255]))])
            connection.close(code: 4000, reason: "enough")
            #expect(try await echo.closure() == .init(code: 4000, reason: "enough", origin: .peer))
            #expect(try await delegate.closure() == .init(code: 4000, reason: "enough", origin: .local))
        }
    }

    @Test("plain requests on a kept connection reach the router, before and beside WebSockets")
    func bothOnOnePort() async throws {
        try await WebSocketTestServer.run(policy: WebSocketTestServer.accepting(.echo())) { server in
            let plain = try await RawPeer.connect(to: server.port)
            let request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
            plain.send(request)
            try await plain.heard.wait { $0.text.hasPrefix("HTTP/1.1 200 OK") && $0.text.hasSuffix("\r\n\r\nok") }
            let delegate = RecordingDelegate()
            let connection = try await server.connect("/mesh", delegate)
            connection.send(.text("a"))
            try await delegate.heard.wait { $0.texts == ["a"] }
            plain.heard.update { $0.bytes.clear() }
            plain.send(request)
            try await plain.heard.wait { $0.text.hasPrefix("HTTP/1.1 200 OK") && $0.text.hasSuffix("\r\n\r\nok") }
            await plain.close()
        }
    }

    @Test("1,000 messages in one burst come back in order")
    func burst() async throws {
        try await WebSocketTestServer.run(policy: WebSocketTestServer.accepting(.echo())) { server in
            let delegate = RecordingDelegate()
            let connection = try await server.connect("/mesh", delegate)
            connection.send((0..<1000).map { ByteBuffer(string: "\($0)") })
            let heard = try await delegate.heard.wait { $0.messages.count == 1000 }
            #expect(heard.messages == (0..<1000).map { .binary(ByteBuffer(string: "\($0)")) })
        }
    }

    @Test("frames sent in one packet with the handshake are not lost")
    func hastyClient() async throws {
        let delegate = RecordingDelegate()
        try await WebSocketTestServer.run(policy: WebSocketTestServer.accepting(delegate)) { server in
            let peer = try await RawPeer.connect(to: server.port)
            peer.send(Array(RawPeer.handshake.utf8) + RawPeer.frame(0x81, Array("hasty".utf8)))
            try await delegate.heard.wait { $0.texts == ["hasty"] }
            await peer.close()
        }
    }

    @Test("what the server sends on opening arrives first")
    func greeting() async throws {
        let policy = WebSocketTestServer.accepting(.echo()) { $0.send(.text("challenge")) }
        try await WebSocketTestServer.run(policy: policy) { server in
            let delegate = RecordingDelegate()
            let connection = try await server.connect("/mesh", delegate)
            connection.send(.text("hello"))
            try await delegate.heard.wait { $0.texts == ["challenge", "hello"] }
        }
    }

    @Test("a fragmented message arrives whole")
    func fragmented() async throws {
        let delegate = RecordingDelegate()
        try await WebSocketTestServer.run(policy: WebSocketTestServer.accepting(delegate)) { server in
            let peer = try await RawPeer.connect(to: server.port)
            try await peer.upgrade()
            for (first, part) in [(0x01, "frag"), (0x00, "men"), (0x80, "ted")] as [(UInt8, String)] {
                for byte in RawPeer.frame(first, Array(part.utf8)) { peer.send([byte]) }
            }
            try await delegate.heard.wait { $0.texts == ["fragmented"] }
            await peer.close()
        }
    }

    @Test("a message over the limit is closed with 1009, which the client sees")
    func oversized() async throws {
        let server = RecordingDelegate()
        let policy = WebSocketTestServer.accepting(server, limits: .init(maxMessageBytes: 1000))
        try await WebSocketTestServer.run(policy: policy) { running in
            let client = RecordingDelegate()
            let connection = try await running.connect("/mesh", client)
            connection.send(.binary(ByteBuffer(repeating: 7, count: 500_000)))
            let seen = try #require(try await client.closure())
            #expect(seen.code == 1009 && seen.origin == .peer)
            let told = try #require(try await server.closure())
            #expect(told.code == 1009 && told.origin == .lost)
            #expect(server.heard.value.messages.isEmpty)
        }
    }

    @Test("a policy hears the request and the address it came from")
    func policySees() async throws {
        let seen = Observed<[String]>([])
        let policy: UpgradePolicy = { head, remote in
            seen.update { $0.append("\(head.method) \(head.uri) \(remote?.ipAddress ?? "?")") }
            return .accept(RecordingDelegate.echo(), .init(maxMessageBytes: 10), opened: { _ in })
        }
        try await WebSocketTestServer.run(policy: policy) { server in
            let connection = try await server.connect("/pair?room=1")
            #expect(seen.value == ["GET /pair?room=1 127.0.0.1"])
            #expect(connection.remoteAddress?.port == server.port)
        }
    }
}
