import AsyncHTTPClient
import Foundation
import KinEncoding
import KinTestServer
import KinTesting
import KinWebSocket
import KinWire
import NIOCore
import NIOPosix
import Testing

@testable import KinServer

/// `kin serve --relay-only`, and what is read of a registry.
@Suite struct RelayAloneTests {
    private struct Answer {
        var status: Int
        var tag: String?
        var text: String
    }

    private func get(_ server: TestServer, _ path: String, tag: String? = nil) async throws -> Answer {
        var request = HTTPClientRequest(url: server.url + path)
        if let tag { request.headers.add(name: "If-None-Match", value: tag) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        return Answer(
            status: Int(response.status.code), tag: response.headers.first(name: "ETag"),
            text: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    private func register(_ server: TestServer, _ machine: Int = 1) async throws -> RelayBench.End {
        let delegate = RecordingDelegate()
        let connection = try await WebSocketClient.connect(
            to: server.url.replacing("http:", with: "ws:")
                + "/agent/signal?owner_id=\(RelayBench.route)&machine_id=\(RelayBench.machine(machine))",
            headers: ["x-kin-registration-secret": String(repeating: "a", count: 64)],
            limits: .init(maxMessageBytes: 1 << 18), on: MultiThreadedEventLoopGroup.singleton.next(),
            delegate: delegate)
        try await delegate.heard.wait { !$0.texts.isEmpty }
        return RelayBench.End(connection: connection, delegate: delegate)
    }

    private func publish(_ end: RelayBench.End, _ blob: String) {
        let message = RelayMessage.registry(blob: Array(blob.utf8)).canonicalBytes()
        end.connection.send(.text(String(decoding: message, as: UTF8.self)))
    }

    /// Runs a relay alone, whose folder is one that cannot be.
    private func alone(_ body: (TestServer) async throws -> Void) async throws {
        let server = try await TestServer.start(data: "/proc/none/kindred", relayOnly: true)
        do {
            try await body(server)
            try await server.stop()
        } catch {
            try? await server.stop()
            throw error
        }
    }

    @Test("a relay alone answers for the relay, and is no broker; it needs no folder")
    func alone() async throws {
        try await alone { server in
            #expect(try await get(server, "/healthz").text == #"{"status":"ok"}"#)
            #expect(try await get(server, "/registry?wallet=\(RelayBench.route)").text == "[]")
            for path in ["/agent/signal", "/link", "/pair"] { #expect(try await get(server, path).status == 426) }
            for path in ["/mesh", "/v1/messages", "/v1/blobs/x"] { #expect(try await get(server, path).status == 404) }
            let error = await #expect(throws: WebSocketError.self) {
                _ = try await WebSocketClient.connect(
                    to: server.url.replacing("http:", with: "ws:") + "/mesh", limits: .init(maxMessageBytes: 1 << 16),
                    on: MultiThreadedEventLoopGroup.singleton.next(), delegate: RecordingDelegate())
            }
            #expect(error?.refusal?.status == 404)
            let end = try await register(server)
            let figures = Figures(try await get(server, "/metrics").text)
            #expect(figures["kin_relay_registrations"] == 1)
            end.connection.close(reason: "done")
        }
    }

    @Test("who says which version it has is told 304 until something changed; who does not gets everything")
    func versions() async throws {
        let path = "/registry?wallet=\(RelayBench.route)"
        var old: String?
        try await alone { server in
            let end = try await register(server)
            publish(end, "one")
            let first = try await eventually("it is listed") {
                let answer = try await get(server, path)
                return answer.text == "[]" ? nil : answer
            }
            #expect(first.text == #"[{"blob":"b25l","machine_id":"0000000000000001"}]"#)
            let tag = try #require(first.tag)
            for asked in [tag, "W/\(tag)", "\"x\", \(tag)", "\"x\",W/\(tag) , \"y\""] {
                let same = try await get(server, path, tag: asked)
                #expect(same.status == 304 && same.text.isEmpty && same.tag == tag, "\(asked)")
            }
            for asked in ["\"x\"", "", "*", tag + "0", String(tag.dropLast())] {
                #expect(try await get(server, path, tag: asked).status == 200, "\(asked)")
            }
            publish(end, "two")
            let second = try await eventually("it is another") {
                let answer = try await get(server, path, tag: tag)
                return answer.status == 304 ? nil : answer
            }
            #expect(second.status == 200 && second.text.contains("dHdv") && second.tag != tag)
            old = second.tag
            end.connection.close(reason: "done")
        }
        try await alone { server in
            let end = try await register(server)
            publish(end, "one")
            publish(end, "two")
            try await eventually("it is listed") { try await get(server, path).text.contains("dHdv") }
            #expect(
                try await get(server, path, tag: old).status == 200, "a version of before a restart is none of after it"
            )
            end.connection.close(reason: "done")
        }
    }
}
