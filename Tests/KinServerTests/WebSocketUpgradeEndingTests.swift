import KinServer
import KinTesting
import KinWebSocket
import NIOCore
import Testing

@Suite("How the server ends WebSockets")
struct WebSocketUpgradeEndingTests {
    @Test("shutdown closes WebSockets with 1001 and idle connections at once, within 5 seconds")
    func shutdown() async throws {
        let clients = (0..<10).map { _ in RecordingDelegate() }
        let policy = WebSocketTestServer.accepting(.echo())
        let start = ContinuousClock.now
        let began = try await WebSocketTestServer.run(policy: policy) { server in
            for client in clients { _ = try await server.connect("/mesh", client) }
            let idle = try await RawPeer.connect(to: server.port)
            idle.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            try await idle.heard.wait { $0.text.hasSuffix("\r\n\r\nok") }
            let silent = try await RawPeer.connect(to: server.port)
            #expect(silent.channel.isActive)
            return ContinuousClock.now
        }
        #expect(ContinuousClock.now - began < .seconds(5))
        #expect(began - start < .seconds(20))
        for client in clients {
            #expect(try await client.closure()?.code == 1001)
            #expect(try await client.closure()?.origin == .peer)
        }
    }

    @Test("a peer that ignores the close frame does not hold up shutdown")
    func deafPeer() async throws {
        let delegate = RecordingDelegate()
        let policy = WebSocketTestServer.accepting(delegate)
        let began = try await WebSocketTestServer.run(policy: policy) { server in
            let peer = try await RawPeer.connect(to: server.port)
            try await peer.upgrade()
            return ContinuousClock.now
        }
        #expect(ContinuousClock.now - began < .seconds(5))
        #expect(try await delegate.closure()?.code == 1001)
    }

    @Test("a reader that takes nothing is cut with 4008")
    func slowReader() async throws {
        let delegate = RecordingDelegate()
        var limits = WebSocketLimits(maxMessageBytes: 1000)
        limits.maxBufferedBytes = 10_000
        limits.slowReaderAfter = .milliseconds(200)
        limits.closeTimeout = .milliseconds(200)
        let policy = WebSocketTestServer.accepting(delegate, limits: limits) { connection in
            // More than the kernel takes on loopback, so that some of it stays here.
            connection.send((0..<256).map { _ in ByteBuffer(repeating: 7, count: 1 << 16) })
        }
        try await WebSocketTestServer.run(policy: policy) { server in
            let peer = try await RawPeer.connect(to: server.port, isReading: false)
            peer.send(RawPeer.handshake)
            let closure = try await delegate.closure()
            #expect(closure == .init(code: 4008, reason: "slow_consumer", origin: .local))
            #expect(delegate.heard.value.writable == [false])
            await peer.close()
        }
    }

    @Test("a peer that never pongs is lost")
    func neverPongs() async throws {
        let delegate = RecordingDelegate()
        var limits = WebSocketLimits(maxMessageBytes: 1000)
        limits.pingInterval = .milliseconds(100)
        limits.deadAfter = .seconds(2)
        let policy = WebSocketTestServer.accepting(delegate, limits: limits)
        try await WebSocketTestServer.run(policy: policy) { server in
            let peer = try await RawPeer.connect(to: server.port)
            try await peer.upgrade()
            try await peer.heard.wait { $0.bytes.readableBytesView.starts(with: [0x89, 0x00]) }
            let closure = try #require(try await delegate.closure())
            #expect(closure.origin == .lost && closure.reason.contains("2.0 s"))
            try await peer.waitForEnd()
        }
    }

    @Test("a client that pongs lives on past the dead time")
    func pongs() async throws {
        let delegate = RecordingDelegate()
        var limits = WebSocketLimits(maxMessageBytes: 1000)
        limits.pingInterval = .milliseconds(50)
        limits.deadAfter = .seconds(2)
        let policy = WebSocketTestServer.accepting(delegate, limits: limits)
        try await WebSocketTestServer.run(policy: policy) { server in
            let connection = try await server.connect()
            let tooEarly = try? await delegate.closure(within: .seconds(3))
            #expect(tooEarly == nil)
            connection.close(reason: "done")
            #expect(try await delegate.closure()?.origin == .peer)
        }
    }

    @Test("1,000 connections of random bytes leave the server alive")
    func fuzz() async throws {
        let delegate = RecordingDelegate.echo()
        let limits = WebSocketLimits(maxMessageBytes: 1000, closeTimeout: .milliseconds(100))
        let policy = WebSocketTestServer.accepting(delegate, limits: limits)
        try await WebSocketTestServer.run(policy: policy) { server in
            for seed in 0..<1000 as Range<UInt64> {
                var random = SeededGenerator(seed: seed)
                let peer = try await RawPeer.connect(to: server.port)
                try await peer.upgrade()
                for _ in 0..<4 { peer.send(random.bytes(Int.random(in: 0...100, using: &random))) }
                await peer.close()
            }
            try await delegate.heard.wait { $0.closures.count == 1000 }
            let client = RecordingDelegate()
            let connection = try await server.connect("/mesh", client)
            connection.send(.text("alive"))
            try await client.heard.wait { $0.texts == ["alive"] }
        }
    }
}
