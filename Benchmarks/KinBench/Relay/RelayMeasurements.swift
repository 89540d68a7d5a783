import Foundation
import KinTesting

/// What the relay's registry does: as a process, asked over loopback.
struct RelayMeasurements {
    let kin: String
    let folder: String
    let seconds: Double

    func printRows() async throws {
        try await printReturn(devices: 1_000)
        try await printMemory(devices: 10_000)
        try await printReads()
    }

    /// Until all are listed again after a restart.
    private func printReturn(devices: Int) async throws {
        let relay = try RelayProcess(kin)
        try await with(devices, at: relay) { load in
            relay.kill()
            try await load.registered.wait(within: .seconds(120)) { $0.isEmpty }
            try relay.startAgain()
            let began = monotonicSeconds()
            try await load.registered.wait(within: .seconds(120)) { $0.count == devices }
            let seconds = monotonicSeconds() - began
            Table.line(
                "\(devices) devices registered again after the relay was killed and started",
                perSecond: Double(devices) / seconds,
                String(format: "%.1f s, the pauses of `kin up` included", seconds))
        }
    }

    private func printMemory(devices: Int) async throws {
        let relay = try RelayProcess(kin)
        try await with(250, at: relay) { _ in }
        let before = try Measurements.memory(of: relay.pid)
        try await with(devices, at: relay) { load in
            let after = try Measurements.memory(of: relay.pid)
            let each = (after.resident - before.resident) * 1024 / Double(devices)
            Table.line(
                "memory of a registration, \(devices) live on \(load.routes.count) routes, blobs of \(load.blobBytes) B",
                String(format: "%.1f KiB resident each; %.0f MB in all", each, after.resident))
        }
    }

    /// A family of ten asked for by 32 connections, beside nginx with the same bytes.
    private func printReads() async throws {
        let relay = try RelayProcess(kin)
        try await with(10, at: relay) { load in
            guard let route = load.routes.first else { return }
            let (host, target) = ("127.0.0.1:\(relay.port)", "/registry?wallet=\(route)")
            let body = try PeerProcess.output("/usr/bin/env", ["curl", "-sf", "http://\(host)\(target)"])
            let ours = try Wrk.run("http://\(host)\(target)", for: seconds)
            let port = relay.port + 1
            let nginx = try NginxPeer(answering: body, at: "127.0.0.1:\(port)", in: "\(folder)/kb-nginx-\(getpid())") {
                (try? PeerProcess.output("/usr/bin/env", ["curl", "-sf", "http://127.0.0.1:\(port)/"])) == body
            }
            guard nginx != nil else { return ours.print("`GET /registry` of 10 devices, 32 connections", nil) }
            let peer = try withExtendedLifetime(nginx) { try Wrk.run("http://127.0.0.1:\(port)/", for: seconds) }
            ours.print("`GET /registry` of 10 devices, \(body.utf8.count) B, 32 connections", peer.perSecond)
            peer.print("nginx, the same bytes, 32 connections", nil)
        }
    }

    private func with(
        _ devices: Int, at relay: RelayProcess, _ work: (RegistrationLoad) async throws -> Void
    ) async throws {
        let load = RegistrationLoad(port: relay.port, devices: devices)
        let keeping = Task { await load.run() }
        do {
            try await load.registered.wait(within: .seconds(120)) { $0.count == devices }
            try await work(load)
        } catch {
            keeping.cancel()
            throw error
        }
        keeping.cancel()
        await keeping.value
    }
}

/// `wrk` with one thread and 32 connections that are kept.
struct Wrk {
    let perSecond: Double
    let p50: Double
    let p99: Double

    static func run(_ url: String, for seconds: Double) throws -> Wrk {
        let text = try PeerProcess.output(
            "/usr/bin/env", ["wrk", "-t1", "-c32", "--latency", "-d\(max(1, Int(seconds)))s", url])
        guard !text.contains("Non-2xx"), let rate = value(after: "Requests/sec:", in: text).flatMap(Double.init),
            let p50 = time(after: " 50%", in: text), let p99 = time(after: " 99%", in: text)
        else { throw BenchError("wrk said: \(text)") }
        return Wrk(perSecond: rate, p50: p50, p99: p99)
    }

    /// - Parameter nginx: requests a second of nginx.
    func print(_ what: String, _ nginx: Double?) {
        let beside = nginx.map { String(format: "%.2f × nginx", perSecond / $0) } ?? ""
        Table.line(what, perSecond: perSecond, p50: p50, p99: p99, beside)
    }

    private static func value(after label: String, in text: String) -> String? {
        text.range(of: label).flatMap { text[$0.upperBound...].split(whereSeparator: \.isWhitespace).first }
            .map(String.init)
    }

    /// Seconds of `1.02ms`, `870.00us` or `1.10s`.
    private static func time(after label: String, in text: String) -> Double? {
        guard let value = value(after: label, in: text) else { return nil }
        let units = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0)]
        guard let (unit, factor) = units.first(where: { value.hasSuffix($0.0) }) else { return nil }
        return Double(value.dropLast(unit.count)).map { $0 * factor }
    }
}
