import Crypto
import Foundation
import KinServer
import KinTesting
import KinWebSocket
import NIOCore
import NIOPosix
import NIOSSL
import Testing
import X509

@Suite("WebSockets over TLS")
struct WebSocketUpgradeTLSTests {
    private let limits = WebSocketLimits(maxMessageBytes: 1 << 20)

    @Test("a certificate trusted by file carries an echo, by name and by address")
    func trusted() async throws {
        let identity = try Identity()
        let policy = WebSocketTestServer.accepting(.echo())
        try await WebSocketTestServer.run(tls: try identity.server, policy: policy) { server in
            for host in ["localhost", "127.0.0.1"] {
                let delegate = RecordingDelegate()
                let connection = try await connect("wss://\(host):\(server.port)/mesh", identity.client, delegate)
                let payload = ByteBuffer(repeating: 7, count: 300_000)
                connection.send(.text("sealed"))
                connection.send(.binary(payload))
                let heard = try await delegate.heard.wait { $0.messages.count == 2 }
                #expect(heard.messages == [.text("sealed"), .binary(payload)])
                connection.close(reason: "done")
                #expect(try await delegate.closure()?.origin == .local)
            }
        }
    }

    @Test("a certificate that is not trusted is refused as such")
    func untrusted() async throws {
        let (served, other) = (try Identity(), try Identity())
        let policy = WebSocketTestServer.accepting(.echo())
        try await WebSocketTestServer.run(tls: try served.server, policy: policy) { server in
            for trust in [nil, other.client] {
                let error = await #expect(throws: WebSocketError.self) {
                    try await connect("wss://localhost:\(server.port)/mesh", trust, RecordingDelegate())
                }
                #expect(error?.code == "tls_failed")
                #expect(error?.message.contains("not one this side trusts") == true)
            }
        }
    }

    @Test("a trusted certificate for another name is refused")
    func wrongName() async throws {
        let identity = try Identity(names: ["elsewhere.example"], addresses: [])
        let policy = WebSocketTestServer.accepting(.echo())
        try await WebSocketTestServer.run(tls: try identity.server, policy: policy) { server in
            let error = await #expect(throws: WebSocketError.self) {
                try await connect("wss://localhost:\(server.port)/mesh", identity.client, RecordingDelegate())
            }
            #expect(error?.code == "tls_failed")
        }
    }

    @Test("a refusal over TLS carries its status and body")
    func refused() async throws {
        let identity = try Identity()
        let policy: UpgradePolicy = { _, _ in .refuse(.tooManyRequests, body: #"{"error":"slow down"}"#) }
        try await WebSocketTestServer.run(tls: try identity.server, policy: policy) { server in
            let error = await #expect(throws: WebSocketError.self) {
                try await connect("wss://localhost:\(server.port)/mesh", identity.client, RecordingDelegate())
            }
            #expect(error?.refusal == .init(status: 429, body: #"{"error":"slow down"}"#))
        }
    }

    @Test("shutdown closes with 1001 within 5 seconds, whatever stage its peers are at")
    func shutdown() async throws {
        let identity = try Identity()
        let client = RecordingDelegate()
        let policy = WebSocketTestServer.accepting(.echo())
        let began = try await WebSocketTestServer.run(tls: try identity.server, policy: policy) { server in
            _ = try await connect("wss://localhost:\(server.port)/mesh", identity.client, client)
            let midHandshake = try await RawPeer.connect(to: server.port)
            midHandshake.send([0x16, 0x03, 0x01])
            return ContinuousClock.now
        }
        #expect(ContinuousClock.now - began < .seconds(5))
        #expect(try await client.closure()?.code == 1001)
    }

    @Test("a peer that reads nothing more does not hold up shutdown")
    func deafPeer() async throws {
        let identity = try Identity()
        let delegate = RecordingDelegate()
        let limits = WebSocketLimits(maxMessageBytes: 1 << 20, closeTimeout: .milliseconds(500))
        let policy = WebSocketTestServer.accepting(.echo(), limits: limits)
        let began = try await WebSocketTestServer.run(tls: try identity.server, policy: policy) { server in
            let url = "wss://localhost:\(server.port)/mesh"
            let connection = try await connect(url, identity.client, delegate)
            connection.pauseReading()
            connection.send(.text("paused"))  // its echo is the last thing read
            try await delegate.heard.wait { $0.texts == ["paused"] }
            return ContinuousClock.now
        }
        #expect(ContinuousClock.now - began < .seconds(5))
    }

    @Test("a refusal that ends without a TLS goodbye is kept")
    func refusedUncleanly() async throws {
        let identity = try Identity()
        let context = try NIOSSLContext(configuration: try identity.server)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        NIOSSLServerHandler(context: context), RudeRefusal())
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let port = try #require(listener.localAddress?.port)
        let error = await #expect(throws: WebSocketError.self) {
            try await connect("wss://localhost:\(port)/mesh", identity.client, RecordingDelegate())
        }
        #expect(error?.refusal == .init(status: 404, body: "nothing here"))
        try await listener.close()
    }

    @Test(
        "a handshake that stalls, or is none, ends at the deadline",
        arguments: ["\u{16}\u{3}\u{1}", "GET / HTTP/1.1\r\n\r\n"])
    func stalled(bytes: String) async throws {
        let identity = try Identity()
        let configuration = WebSocketUpgradeConfiguration(negotiationTimeout: .milliseconds(300))
        let policy = WebSocketTestServer.accepting(.echo())
        let tls = try identity.server
        try await WebSocketTestServer.run(configuration: configuration, tls: tls, policy: policy) { server in
            let peer = try await RawPeer.connect(to: server.port)
            peer.send(bytes)
            try await peer.waitForEnd(within: .seconds(4))
        }
    }

    private func connect(
        _ url: String,
        _ tls: TLSConfiguration?,
        _ delegate: RecordingDelegate
    ) async throws -> WebSocketConnection {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        return try await WebSocketClient.connect(to: url, tls: tls, limits: limits, on: eventLoop, delegate: delegate)
    }
}

/// Answers without a length and cuts the connection below TLS.
private final class RudeRefusal: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let answer = ByteBuffer(string: "HTTP/1.1 404 Not Found\r\n\r\nnothing here")
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
            tls?.close(promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(answer), promise: promise)
    }
}

/// A fresh self-signed certificate, as a file for those who trust it.
private final class Identity: Sendable {
    private let certificatePEM: String
    private let keyPEM: String
    private let file: URL

    init(names: [String] = ["localhost"], addresses: [[UInt8]] = [[127, 0, 0, 1]]) throws {
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName { CommonName("kindred test") }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(key.publicKey),
            notValidBefore: .now - 3600,
            notValidAfter: .now + 3600,
            issuer: subject,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try .init {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                SubjectAlternativeNames(
                    names.map { .dnsName($0) } + addresses.map { .ipAddress(.init(contentBytes: $0[...])) }
                )
            },
            issuerPrivateKey: .init(key)
        )
        certificatePEM = try certificate.serializeAsPEM().pemString
        keyPEM = key.pemRepresentation
        file = FileManager.default.temporaryDirectory.appending(path: "kindred-\(UUID().uuidString).pem")
        try certificatePEM.write(to: file, atomically: true, encoding: .utf8)
    }

    deinit {
        try? FileManager.default.removeItem(at: file)
    }

    var server: TLSConfiguration {
        get throws {
            .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificatePEM.utf8)).map {
                    .certificate($0)
                },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem))
            )
        }
    }

    var client: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(file.path)
        return configuration
    }
}
