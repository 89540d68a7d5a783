import Foundation
import HTTPTypes
import Hummingbird
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Logging
import NIOCore
import NIOPosix
import Testing

/// Against a stub that answers what a test wants and keeps what was asked.
@Suite struct DaemonClientTests {
    struct Asked: Sendable, Equatable {
        var line: String
        var body = ""
        var lastEventID: String?
    }

    /// Answers everything with `status` and `body`, on a Unix socket.
    private func stub<T: Sendable>(
        _ status: HTTPResponse.Status, _ body: String, _ use: (DaemonClient, Observed<[Asked]>) async throws -> T
    ) async throws -> T {
        let path = "/tmp/kst-\(UInt32.random(in: 0 ... .max)).sock"
        let asked = Observed([Asked]())
        let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
            var request = request
            let sent = try await request.collectBody(upTo: 1 << 21)
            let line = "\(request.method.rawValue) \(request.uri.string)"
            let lastEventID = HTTPField.Name("last-event-id").flatMap { request.headers[$0] }
            asked.update { $0.append(Asked(line: line, body: String(buffer: sent), lastEventID: lastEventID)) }
            return Response(status: status, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
        }
        let service = RunningService<Void> { ready in
            Application(
                responder: responder, configuration: .init(address: .unixDomainSocket(path: path)),
                onServerRunning: { _ in ready(()) }, logger: .silent)
        }
        defer { unlink(path) }
        try await service.ready()
        do {
            let result = try await use(DaemonClient(socketPath: path), asked)
            _ = try await service.stop()
            return result
        } catch {
            _ = try? await service.stop()
            throw error
        }
    }

    @Test("each call asks its route, and reads its answer")
    func calls() async throws {
        try await stub(.ok, text(Sample.health.json)) { client, asked in
            let health = try await client.health()
            #expect(health == Sample.health)
            #expect(asked.value == [Asked(line: "GET /v1/health")])
        }
        let version = try Sample.version()
        try await stub(.ok, text(version.json)) { client, asked in
            let found = try await client.version()
            #expect(found == version)
            #expect(asked.value == [Asked(line: "GET /v1/version")])
        }
        try await stub(.ok, text(Sample.devices.json)) { client, asked in
            let (devices, peers) = (try await client.devices(), try await client.peers())
            #expect(devices == Sample.devices && peers == Sample.devices)
            #expect(asked.value.map(\.line) == ["GET /v1/devices", "GET /v1/peers"])
        }
        let (id, status) = (try Sample.id("a:b"), try Sample.status())
        try await stub(.ok, text(status.json)) { client, asked in
            let found = try await client.message(id)
            #expect(found == status)
            #expect(asked.value.map(\.line) == ["GET /v1/message/a:b"])
        }
    }

    @Test("the settings of the mesh are asked for, and set")
    func settings() async throws {
        try await stub(.ok, text(Sample.settings.json)) { client, asked in
            let (shown, set) = (try await client.meshSettings(), try await client.set(.allowConcurrent))
            #expect(shown == Sample.settings && set == Sample.settings)
            #expect(
                asked.value == [
                    Asked(line: "GET /v1/mesh/settings"),
                    Asked(line: "POST /v1/mesh/settings", body: #"{"concurrent_policy":"allow_concurrent"}"#),
                ])
        }
    }

    @Test("a message is posted as JSON")
    func send() async throws {
        let (request, answer) = (try Sample.request(), try Sample.answer())
        try await stub(.accepted, text(answer.json)) { client, asked in
            let found = try await client.send(request)
            #expect(found == answer)
            #expect(
                asked.value == [
                    Asked(line: "POST /v1/send", body: String(decoding: request.canonicalBytes(), as: UTF8.self))
                ])
        }
    }

    @Test("what is asked of the inbox stands in the query, escaped")
    func query() async throws {
        let page = InboxPage(messages: [try Sample.message()], cursor: "7")
        try await stub(.ok, text(page.json)) { client, asked in
            let found = try await client.inbox()
            #expect(found == page)
            _ = try await client.inbox(InboxParameters(cursor: "5", since: 9, from: "a&b=c d+e", limit: 3))
            #expect(
                asked.value.map(\.line) == [
                    "GET /v1/inbox", "GET /v1/inbox?cursor=5&since=9&from=a%26b%3Dc%20d%2Be&limit=3",
                ])
        }
    }

    @Test("a refusal is the daemon's own error")
    func refusal() async throws {
        let error = KinError("unknown_recipient", "no device", category: .notFound, detail: ["candidates": .array([])])
        try await stub(.notFound, text(APIError.json(error))) { client, _ in
            let thrown = await #expect(throws: KinError.self) { _ = try await client.send(Sample.request()) }
            #expect(thrown == error)
            let events = await #expect(throws: KinError.self) { _ = try await client.events() }
            #expect(events == error)
        }
    }

    @Test("an answer that is not understood is an error, not a trap", arguments: ["", "{}", "nonsense"])
    func nonsense(_ body: String) async throws {
        try await stub(.ok, body) { client, _ in
            _ = await #expect(throws: KinError.self) { _ = try await client.health() }
        }
    }

    @Test("events come as they are read, after the one named")
    func events() async throws {
        let event = DaemonEvent(kind: .message, id: 6, data: .object(["k": .integer(1)]))
        try await stub(.ok, ": ready\n\n" + String(decoding: event.encoded(), as: UTF8.self)) { client, asked in
            var found: [DaemonEvent] = []
            for try await event in try await client.events(after: 5) { found.append(event) }
            #expect(found == [event])
            #expect(asked.value == [Asked(line: "GET /v1/events", lastEventID: "5")])
        }
    }

    @Test("without a daemon every call says how to start one, and where it looked")
    func notRunning() async throws {
        let client = DaemonClient(socketPath: "/tmp/kst-nobody.sock")
        for call in [{ _ = try await client.health() }, { _ = try await client.events() }]
            as [@Sendable () async throws -> Void]
        {
            let error = await #expect(throws: KinError.self) { try await call() }
            #expect(error?.code == "daemon_not_running" && error?.category == .unreachable)
            #expect(
                error?.message.contains("/tmp/kst-nobody.sock") == true && error?.message.contains("kin up") == true)
        }
    }

    @Test("a call stream is not waited for where somebody accepts and says nothing")
    func silent() async throws {
        let path = "/tmp/kst-\(UInt32.random(in: 0 ... .max)).sock"
        let silence = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(unixDomainSocketPath: path).get()
        let error = await #expect(throws: KinError.self) {
            _ = try await DaemonClient(socketPath: path).calls(within: .milliseconds(200), now: { 0 })
        }
        #expect(error?.code == "daemon_not_running")
        try await silence.close()
    }

    private func text(_ json: JSON) -> String { String(decoding: json.canonicalBytes(), as: UTF8.self) }
}
