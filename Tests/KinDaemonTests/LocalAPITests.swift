import AsyncHTTPClient
import Foundation
import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

/// The daemon's own port. What is refused there line by line: Interop/tests/test_local_api.py.
@Suite struct LocalAPITests {
    private func options(_ house: House, _ name: String, _ listen: LocalListen?, config: String = "") async throws
        -> DaemonOptions
    {
        let state = try await house.home(name)
        try Data(config.utf8).write(to: URL(fileURLWithPath: state.configPath))
        var options = DaemonOptions(
            state: state, name: DeviceName(name), servers: [house.server.url], executable: "/nonexistent")
        options.listen = listen
        return options
    }

    private func ask(_ port: Int, _ path: String, token: String?) async throws -> Int {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status.code)
    }

    private func token(_ state: StateFolder) throws -> String {
        String(try String(contentsOfFile: DaemonPaths.token(in: state), encoding: .utf8).dropLast())
    }

    @Test("over TCP the token is asked for; the port is told, and is forgotten with the daemon")
    func tcp() async throws {
        try await House.run { house in
            let daemon = try await house.start(options(house, "laptop", .tcp(port: nil)))
            let port = try #require(daemon.version.tcpPort)
            let file = DaemonPaths.port(in: daemon.state)
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "\(port)\n")
            #expect(try await daemon.client.version().tcpPort == port)
            let token = try token(daemon.state)
            #expect(try await ask(port, "/v1/version", token: token) == 200)
            for path in ["/v1/version", "/v1/health", "/openapi.json", "/v1/events", "/v1/nothing"] {
                #expect(try await ask(port, path, token: nil) == 401)
                #expect(try await ask(port, path, token: token + "x") == 401)
            }
            try await daemon.stop()
            #expect(!FileManager.default.fileExists(atPath: file))
            #expect(FileManager.default.fileExists(atPath: DaemonPaths.token(in: daemon.state)))
        }
    }

    @Test("without TCP there is no port, no token and no file of either")
    func socketOnly() async throws {
        try await House.run { house in
            let daemon = try await house.start(options(house, "laptop", nil))
            #expect(daemon.version.tcpPort == nil)
            for path in [DaemonPaths.port(in: daemon.state), DaemonPaths.token(in: daemon.state)] {
                #expect(!FileManager.default.fileExists(atPath: path))
            }
            _ = try await daemon.client.rotateToken()
            #expect(FileManager.default.fileExists(atPath: DaemonPaths.token(in: daemon.state)))
        }
    }

    @Test("a port that was named and is taken ends the start with what to do; one that was not is another")
    func takenPort() async throws {
        try await House.run { house in
            let taken = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(taken.localAddress?.port)
            let named = try await options(house, "laptop", nil, config: "[ipc]\nport = \(port)\n")
            let error = await #expect(throws: KinError.self) { _ = try await house.start(named) }
            #expect(error?.code == "port_taken" && error?.category == .conflict)
            for word in ["\(port)", "--port", "--no-tcp", "[ipc]"] { #expect(error?.message.contains(word) == true) }
            try await taken.close()
            let daemon = try await house.start(named)
            #expect(daemon.version.tcpPort == port)
            // What was told wins over what is configured.
            let other = try await house.start(
                options(house, "studio", .tcp(port: nil), config: "[ipc]\ntcp = false\n"))
            #expect(try #require(other.version.tcpPort) != port)
        }
    }

    @Test("a change of the token is counted, works over the socket alone, and holds at once")
    func rotation() async throws {
        try await House.run { house in
            let daemon = try await house.start(options(house, "laptop", .tcp(port: nil)))
            let port = try #require(daemon.version.tcpPort)
            let first = try token(daemon.state)
            let rotation = try await daemon.client.rotateToken()
            #expect(rotation.path == DaemonPaths.token(in: daemon.state))
            #expect(abs((rotation.formerUntil ?? 0) - realNow() - 60_000) < 10_000)
            let second = try token(daemon.state)
            #expect(first != second)
            #expect(try await ask(port, "/v1/version", token: second) == 200)
            #expect(try await ask(port, "/v1/version", token: first) == 200)
            #expect(try await daemon.figures()["kin_daemon_local_token_rotations_total"] == 1)
            // A restart forgets the minute.
            try await daemon.stop()
            let again = try await house.start(options(house, "laptop", .tcp(port: nil)))
            let newPort = try #require(again.version.tcpPort)
            #expect(try await ask(newPort, "/v1/version", token: first) == 401)
            #expect(try await ask(newPort, "/v1/version", token: second) == 200)
        }
    }

    @Test("the public health check says over TCP whether all is well, and nothing else")
    func publicHealth() async throws {
        try await House.run { house in
            let config = "[ipc]\npublic_health_check = true\n"
            let daemon = try await house.start(options(house, "laptop", .tcp(port: nil), config: config))
            let port = try #require(daemon.version.tcpPort)
            let url = "http://127.0.0.1:\(port)/v1/health"
            let answer = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
            let body = try JSON.parse(Array(try await answer.body.collect(upTo: 1 << 20).readableBytesView))
            guard case .object(let members) = body else { return }
            #expect(answer.status == .ok && Set(members.keys) == ["status"])
            #expect(try await ask(port, "/v1/version", token: nil) == 401)
            #expect(try await ask(port, "/v1/health", token: "wrong") == 401)
        }
    }

    @Test("a heartbeat tells the time and the connection; what this works with are ranges of versions")
    func about() async throws {
        try await House.run { house in
            let daemon = try await house.start("laptop")
            try await daemon.isConnected()
            let beat = try await daemon.client.heartbeat()
            #expect(beat.isConnected && abs(beat.time - realNow()) < 10_000)
            #expect(try await daemon.call(.POST, "/v1/heartbeat", #"{"x":1}"#).status == 400)
            let compatibility = try await daemon.client.compatibility()
            #expect(compatibility.requiredBrokerFeatures.contains("client_message_id_dedupe"))
            #expect(compatibility.brokers.hasPrefix(">=") && compatibility.daemon == KinVersion.current)
            #expect(try await daemon.client.version().features.contains("send"))
        }
    }
}
