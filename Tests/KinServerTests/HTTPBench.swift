import AsyncHTTPClient
import Foundation
import KinBrokerSQLite
import KinCrypto
import KinEncoding
import KinIdentity
import KinLog
import KinServer
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A real server on a real port that knows two members of a family, and a client that talks HTTP to it.
final class HTTPBench: Sendable {
    struct Answer: Sendable {
        var status: Int
        var json: JSON
        var headers: [String: String]

        var code: String { json["error"]["code"].text }
    }

    let family: TestFamily
    /// Sends.
    let laptop: TestDevice
    /// Receives.
    let studio: TestDevice
    let data: TemporaryFolder
    let log = LogLines()
    let http: HTTPClient
    private let tls: SelfSigned?
    private let auth: ServerConfiguration.Auth
    private let blobs: ServerConfiguration.Blobs
    private let running = Mutex<TestServer?>(nil)
    private let freshest = Mutex<Int64>(0)

    private init(
        tls: SelfSigned?, auth: ServerConfiguration.Auth, blobs: ServerConfiguration.Blobs
    ) async throws {
        family = try TestFamily(now: Self.now - 1000)
        laptop = try await family.device()
        studio = try await family.device()
        data = try TemporaryFolder()
        self.tls = tls
        self.auth = auth
        self.blobs = blobs
        var client = HTTPClient.Configuration()
        if let tls {
            var trust = TLSConfiguration.makeClientConfiguration()
            trust.trustRoots = .file(tls.certificate)
            client.tlsConfiguration = trust
        }
        http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: client)
        try await know([laptop.chain, studio.chain])
    }

    /// Milliseconds of the real clock, which the server goes by.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    static func run(
        tls: SelfSigned? = nil, auth: ServerConfiguration.Auth = .init(), blobs: ServerConfiguration.Blobs = .init(),
        _ body: (HTTPBench) async throws -> Void
    ) async throws {
        let bench = try await HTTPBench(tls: tls, auth: auth, blobs: blobs)
        let outcome: Result<Void, any Error>
        do {
            try await bench.start()
            outcome = .success(try await body(bench))
        } catch { outcome = .failure(error) }
        try? await bench.stop()
        try await bench.http.shutdown()
        try outcome.get()
    }

    /// What the server's store holds of chains before it starts.
    private func know(_ chains: [Chain]) async throws {
        let store = try SQLiteBrokerStore(path: data.file("broker.db"))
        for chain in chains {
            let key = try await store.createMesh(chain.certificate.mesh, now: 1)
            store.put(chain, in: key)
        }
        store.close()
    }

    // MARK: The server

    var server: TestServer {
        get throws { try running.withLock { $0 }.orThrow("a running server") }
    }

    func start() async throws {
        let log = log
        let server = try await TestServer.start(
            data: data.path, tls: tls, auth: auth, blobs: blobs,
            logger: .init(label: "server") { _ in JSONLogHandler(sink: log, level: .debug, now: { 0 }) })
        running.withLock { $0 = server }
        let now = Self.now
        freshest.withLock { $0 = (now / 1000 + 1) * 1000 }
    }

    func stop() async throws {
        let server = running.withLock { running in
            defer { running = nil }
            return running
        }
        try await server?.stop()
    }

    /// Stops the server and reads what it stored for the studio.
    func stored() async throws -> [String] {
        try await stop()
        let store = try SQLiteBrokerStore(path: data.file("broker.db"))
        defer { store.close() }
        let mesh = try store.loadMeshes().first { $0.mesh == family.mesh }.orThrow("the mesh")
        return try store.pending(
            for: studio.member, in: mesh.key, priority: .next, topics: [], after: 0, limit: 10_000, maxBytes: 1 << 30
        ).map(\.push.clientMessageID.description)
    }

    // MARK: Credentials

    func token(of device: TestDevice? = nil, audience: TokenAudience? = nil, at time: Int64? = nil) throws -> String {
        let audience = try audience ?? .server(origin: server.url)
        let time = time ?? soonest
        return try AuthToken.mint(for: audience, key: (device ?? laptop).keys.signing, now: time).text
    }

    /// Now, or a moment ahead: what is dated in the second in which the server started is from before its start.
    var soonest: Int64 { max(Self.now, freshest.withLock { $0 }) }

    func withKeys<T>(_ body: (ServerAPIKeys) async throws -> T) async throws -> T {
        let keys = try ServerAPIKeys(data: data.path)
        defer { keys.close() }
        return try await body(keys)
    }

    func apiKey(_ request: ServerAPIKeys.Request? = nil, now: Int64 = now) async throws -> (text: String, id: ULID) {
        let request = request ?? ServerAPIKeys.Request(member: laptop.member, scopes: [.send])
        let (key, record) = try await withKeys { try await $0.make(request, now: now) }
        return (key.withText { $0 }, record.id)
    }

    // MARK: Requests

    func frame(
        _ id: String, to recipient: ULID? = nil, fingerprint: UInt8 = 1, expiresAt: Int64? = nil, body: [UInt8] = [7]
    ) throws -> [UInt8] {
        try MeshFrame.send(
            Send(
                clientMessageID: ClientMessageID(id).orThrow("an id"),
                requestFingerprint: [UInt8](repeating: fingerprint, count: 32), line: [1, 2, 3, 4, 5, 6, 7, 8], seq: 1,
                destination: .dm(recipient ?? studio.member), priority: .next, expiresAt: expiresAt)
        ).encoded(body: body)
    }

    func post(
        _ bytes: [UInt8], _ credential: String?, path: String = "/v1/messages",
        type: String = "application/vnd.kindred.frame", adding headers: [(String, String)] = []
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: try server.url + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: type)
        if let credential { request.headers.add(name: "Authorization", value: "Bearer \(credential)") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: bytes))
        let response = try await http.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 1 << 20)
        return Answer(
            status: Int(response.status.code), json: try JSON.parse(Array(body.readableBytesView)),
            headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first })
    }

    /// A request that is never finished: its head, and the first bytes of the body it announces.
    func begin(_ credential: String, length: Int, first: [UInt8]) async throws -> RawPeer {
        let peer = try await RawPeer.connect(to: server.port)
        peer.send(
            """
            POST /v1/messages HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/vnd.kindred.frame\r
            Authorization: Bearer \(credential)\r
            Content-Length: \(length)\r
            \r\n
            """)
        peer.send(first)
        return peer
    }
}

/// What a server logged.
final class LogLines: LogSink {
    private let text = Mutex("")

    func write(line: [UInt8]) { text.withLock { $0 += String(decoding: line, as: UTF8.self) } }

    var all: String { text.withLock { $0 } }
}
