import AsyncHTTPClient
import KinTestServer
import KinTesting
import KinWire
import NIOCore
import Testing

@Suite struct RelayRestartTests {
    @Test("300 devices are listed again within 5 seconds after the relay's restart; make bench has 1,000")
    func listedAgain() async throws {
        let first = try await TestServer.start(data: "/proc/none/kindred", relayOnly: true)
        let load = RegistrationLoad(port: first.port, devices: 300)
        let keeping = Task { await load.run() }
        defer { keeping.cancel() }
        try await load.registered.wait(within: .seconds(60)) { $0.count == 300 }
        try await first.stop()
        try await load.registered.wait(within: .seconds(60)) { $0.isEmpty }
        let second = try await TestServer.start(data: "/proc/none/kindred", port: first.port, relayOnly: true)
        let began = ContinuousClock.now
        try await load.registered.wait(within: .seconds(60)) { $0.count == 300 }
        try await eventually("all are listed") { try await listed(second, load.routes) == 300 }
        #expect(ContinuousClock.now - began < .seconds(5))
        keeping.cancel()
        await keeping.value
        try await second.stop()
    }

    private func listed(_ server: TestServer, _ routes: [String]) async throws -> Int {
        var count = 0
        for route in routes {
            let request = HTTPClientRequest(url: server.url + "/registry?wallet=\(route)")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            let body = try await response.body.collect(upTo: 1 << 24)
            count += try RegistryEntry.list(json: Array(body.readableBytesView)).count
        }
        return count
    }
}
