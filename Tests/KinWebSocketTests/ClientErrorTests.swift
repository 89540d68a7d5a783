import KinTesting
import KinWebSocket
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@Suite("Why the client could not connect")
struct ClientErrorTests {
    @Test("a refused upgrade carries the status and the body")
    func refused() async throws {
        let body = #"{"error":{"code":"too_many"}}"#
        let error = try await failure(
            answer: "HTTP/1.1 429 Too Many Requests\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        #expect(error.code == "upgrade_refused")
        #expect(error.refusal == .init(status: 429, body: body))
        #expect(error.message.contains("429 Too Many Requests"))
        #expect(!error.message.contains("secret"))
    }

    @Test("of a long body the first 1,024 bytes are kept")
    func longBody() async throws {
        let error = try await failure(
            answer: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 99999\r\n\r\n"
                + String(repeating: "x", count: 5000)
        )
        #expect(error.refusal == .init(status: 503, body: String(repeating: "x", count: 1024)))
    }

    @Test("a body that ends with the connection is kept")
    func bodyUntilClose() async throws {
        let error = try await failure(answer: "HTTP/1.1 404 Not Found\r\n\r\nnothing here", thenClose: true)
        #expect(error.refusal == .init(status: 404, body: "nothing here"))
    }

    @Test(
        "an answer that is no handshake is said to be none",
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        ]
    )
    func notAHandshake(answer: String) async throws {
        #expect(try await failure(answer: answer).code == "upgrade_failed")
    }

    @Test("a server that hangs up instead of answering is said to")
    func hungUp() async throws {
        let error = try await failure(answer: "", thenClose: true)
        #expect(error.code == "upgrade_failed")
        #expect(error.message.contains("the connection ended before the answer"))
    }

    @Test("a server that stays silent is given up at the deadline, which is named with the address")
    func silent() async throws {
        let listener = try await Listener.start { $0.eventLoop.makeSucceededVoidFuture() }
        let error = try await failure(url: listener.url, deadline: .seconds(2))
        #expect(error.code == "timed_out")
        #expect(error.message.contains("ws://127.0.0.1:\(listener.port)"))
        #expect(error.message.contains("2.0 s"))
        #expect(error.message.contains("waiting for the answer"))
        try await listener.stop()
    }

    @Test("a TLS handshake that stalls is given up at the deadline")
    func silentTLS() async throws {
        let listener = try await Listener.start { $0.eventLoop.makeSucceededVoidFuture() }
        let error = try await failure(url: "wss://127.0.0.1:\(listener.port)", deadline: .seconds(2))
        #expect(error.code == "timed_out")
        #expect(error.message.contains("the TLS handshake"))
        try await listener.stop()
    }

    @Test("a server that speaks no TLS is a TLS error")
    func plainServer() async throws {
        let listener = try await Listener.answering("HTTP/1.1 400 Bad Request\r\n\r\n")
        let error = try await failure(url: "wss://127.0.0.1:\(listener.port)")
        #expect(error.code == "tls_failed")
        try await listener.stop()
    }

    @Test("a port where nothing listens refuses")
    func nothingListens() async throws {
        let listener = try await Listener.answering("")
        try await listener.stop()
        for host in ["127.0.0.1", "localhost"] {
            let error = try await failure(url: "ws://\(host):\(listener.port)")
            #expect(error.code == "connect_refused")
            #expect(error.message.contains("\(listener.port)"))
        }
    }

    @Test("a name without an address is a lookup error")
    func unknownName() async throws {
        let error = try await failure(url: "wss://no-such-host.invalid")
        #expect(error.code == "dns_failed")
        #expect(error.message.contains("no-such-host.invalid"))
    }

    @Test("ws to another machine is refused before anything is dialled")
    func insecure() async throws {
        // Dialling 0.0.0.0 would reach the listener, and end in another error.
        let listener = try await Listener.answering("HTTP/1.1 404 Not Found\r\n\r\n")
        let error = try await failure(url: "ws://0.0.0.0:\(listener.port)/mesh")
        #expect(error.code == "insecure_url")
        #expect(error.message.contains("wss://0.0.0.0"))
        try await listener.stop()
    }

    @Test(
        "headers that would break the request are refused",
        arguments: [("X", "a\r\nY: b"), ("X Y", "a"), ("", "a"), ("Host", "x"), ("upgrade", "h2c"), ("X", "a\u{0}")]
    )
    func headers(name: String, value: String) async throws {
        let error = try await failure(url: "ws://127.0.0.1:1", headers: [name: value])
        #expect(error.code == "header_invalid")
    }

    @Test("a cancelled task gives up at once")
    func cancelled() async throws {
        let accepted = Observed(0)
        let listener = try await Listener.start { channel in
            accepted.update { $0 += 1 }
            channel.closeFuture.whenComplete { _ in accepted.update { $0 -= 1 } }
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        let url = listener.url
        let task = Task { try await failure(url: url, deadline: .seconds(60)) }
        try await accepted.wait { $0 == 1 }
        task.cancel()
        #expect(try await task.value.code == "cancelled")
        try await accepted.wait { $0 == 0 }
        try await listener.stop()
    }

    private func failure(answer: String, thenClose: Bool = false) async throws -> WebSocketError {
        let listener = try await Listener.answering(answer, thenClose: thenClose)
        let error = try await failure(url: listener.url)
        try await listener.stop()
        return error
    }

    /// The error of an attempt that has to fail, of which the delegate must hear nothing.
    private func failure(
        url: String,
        headers: HTTPHeaders = [:],
        deadline: TimeAmount = .seconds(20)
    ) async throws -> WebSocketError {
        let delegate = RecordingDelegate()
        let error = await #expect(throws: WebSocketError.self) {
            try await WebSocketClient.connect(
                to: url,
                headers: headers,
                limits: .init(maxMessageBytes: 1024),
                deadline: deadline,
                on: MultiThreadedEventLoopGroup.singleton.next(),
                delegate: delegate
            )
        }
        #expect(delegate.heard.value.closures.isEmpty)
        return try #require(error)
    }
}
