import Foundation
import KinEncoding
import KinLink

/// A stream of bytes and an echo over a link through the relay, beside the same directly, through socat, and by `ssh -L`.
struct LinkMeasurements {
    private static let megabytes = 200
    private static let passes = 5

    let kin: String
    let python: String
    /// `Benchmarks/peers/forwards.py`.
    let script: String
    let seconds: Double

    func printRows() async throws {
        let (rate, echoes) = try await (stream(), echo())
        let peers = try forwards()
        let ssh = peers.first { $0.name == "ssh -L" }
        Table.line(
            "link through the relay, \(Self.megabytes) MB one way",
            String(format: "%.0f MB/s", rate) + (ssh.map { String(format: "; %.2f × ssh -L", rate / $0.rate) } ?? ""))
        for peer in peers {
            Table.line("\(peer.name), \(Self.megabytes) MB one way", String(format: "%.0f MB/s", peer.rate))
        }
        Table.row(
            "link through the relay, one byte there and back", echoes,
            note: ssh.map { String(format: "p50 %.1f × ssh -L", echoes.quantile(0.5) / $0.p50) })
        for peer in peers { Table.line("\(peer.name), one byte there and back", p50: peer.p50, p99: peer.p99) }
    }

    /// Megabytes a second, the median of the passes.
    private func stream() async throws -> Double {
        let frame = [UInt8](repeating: 0, count: 65_000)
        let frames = Self.megabytes * 1_000_000 / frame.count
        let relay = try RelayProcess(kin)
        let link = try await BenchLink(through: relay) { _ in nil }
        var rates: [Double] = []
        for pass in 1...Self.passes {
            let start = monotonicSeconds()
            for _ in 0..<frames { try await link.near.queue.send(frame) }
            try await link.far.came(pass * frames)
            rates.append(Double(frames * frame.count) / 1e6 / (monotonicSeconds() - start))
        }
        link.close()
        return rates.sorted()[Self.passes / 2]
    }

    private func echo() async throws -> Samples {
        let relay = try RelayProcess(kin)
        let link = try await BenchLink(through: relay) { $0 }
        var samples = Samples()
        let end = monotonicSeconds() + seconds
        while monotonicSeconds() < end {
            let start = monotonicSeconds()
            try await link.near.queue.send([1])
            try await link.near.came(samples.count + 1)
            samples.add(monotonicSeconds() - start)
        }
        link.close()
        return samples
    }

    private struct Peer {
        let name: String
        /// Megabytes a second.
        let rate: Double
        /// Seconds.
        let p50: Double
        let p99: Double
    }

    private func forwards() throws -> [Peer] {
        try PeerProcess.output(python, [script, "\(seconds)"]).split(separator: "\n").compactMap { line -> Peer? in
            guard let report = try? JSON.parse(Array(line.utf8)), case .string(let name) = report["peer"],
                let rate = report.figure("mb_per_second"), let p50 = report.figure("echo_p50"),
                let p99 = report.figure("echo_p99")
            else { return nil }
            return Peer(name: name, rate: rate, p50: p50, p99: p99)
        }
    }
}

extension JSON {
    /// A member that is a number.
    func figure(_ name: String) -> Double? { self[name].double }

    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
