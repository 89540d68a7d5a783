import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Logging
import Testing

/// What a daemon logs of features, and how it ends.
@Suite struct FeatureLogTests {
    @Test("a required feature that is unusable ends the daemon as refused, with the reason whole in the log")
    func required() async throws {
        var response = FeatureResponse.sound
        response.supported["client_message_id_dedupe"]?["dedupe_window_hours"] = .integer(1)
        let offered = response
        try await House.run { house in
            try await FakeBroker.run(.offers(offered)) { broker in
                let (log, end) = try await run(house, broker.url) { try await $0.end() }
                #expect((end.error as? KinError)?.category == .refused, "which is exit code 4")
                let line = log.first { $0.hasPrefix("critical failed") } ?? ""
                #expect(line.contains("client_message_id_dedupe: dedupe_window_hours is 1, at least 24 is needed"))
                #expect(line.contains("feature_param_below_floor"))
            }
        }
    }

    @Test("an optional feature that is unusable is logged, and the daemon works on without it")
    func optional() async throws {
        let hands: HostileBroker.Hands = { frame, _ in
            guard case .featureResponse(var response) = frame.message else { return [frame.bytes] }
            response.supported["max_payload"]?["inline_bytes"] = .integer(1023)
            return [MeshFrame.featureResponse(response).encoded()]
        }
        try await HostileBroker.run(hands) { broker, _ in
            try await House.run { house in
                let (log, _) = try await run(house, broker.url) { service in
                    let client = DaemonClient(socketPath: DaemonPaths.socket(in: try await house.home("laptop")))
                    _ = try await service.ready()
                    try await eventually("it is connected") { try await client.health().status == "ok" }
                    return try await service.stop()
                }
                let line = log.first { $0.hasPrefix("warning feature_ignored") } ?? ""
                #expect(line.contains("max_payload") && line.contains("feature_param_below_floor"))
                #expect(!log.contains { $0.hasPrefix("critical") })
            }
        }
    }

    /// Runs a daemon, and gives its log and what `body` makes of it.
    private func run<T: Sendable>(
        _ house: House, _ url: String, _ body: (RunningService<DaemonVersion>) async throws -> T
    ) async throws -> ([String], T) {
        let lines = Observed([String]())
        let options = DaemonOptions(
            state: try await house.home("laptop"), name: DeviceName("laptop"), servers: [url],
            executable: "/nonexistent")
        let service = try RunningService<DaemonVersion> { ready in
            try KinDaemon(options, logger: .recording(into: lines)) { version, _ in
                ready(version)
            }
        }
        let result = try await body(service)
        return (lines.value, result)
    }
}
