import Foundation
import KinTesting

/// Durable sends a second of brokers side by side, and a lone message through the one that others are measured by.
struct BrokerMeasurements {
    let kin: String
    let folder: String
    let seconds: Double

    struct Row {
        var samples: Samples
        /// Of the broker, in microseconds for each message.
        var processor: Double
    }

    /// Each sender with one unanswered message.
    func sends(_ kind: BrokerUnderLoad.Kind, senders: Int, bodyBytes: Int, family: TestFamily) async throws -> Row {
        let broker = try start(kind)
        let open = try await connections(kind, port: broker.port, senders, bodyBytes, family)
        let before = try broker.processorSeconds()
        let samples = try Load.run(open, for: seconds)
        let used = try broker.processorSeconds() - before  // keeps the broker, too
        return Row(samples: samples, processor: used * 1e6 / Double(max(1, samples.count)))
    }

    /// One message at a time through Redis; nil where it is not there.
    func redisEndToEnd(count: Int, bodyBytes: Int) throws -> Samples? {
        guard BrokerUnderLoad.isThere(.redis) else { return nil }
        let redis = try start(.redis)
        return try withExtendedLifetime(redis) {
            try RedisEndToEnd.run(port: redis.port, count: count, bodyBytes: bodyBytes)
        }
    }

    private func start(_ kind: BrokerUnderLoad.Kind) throws -> BrokerUnderLoad {
        try BrokerUnderLoad(kind, kin: kin, under: folder, port: Int.random(in: 21_000..<60_000))
    }

    private func connections(
        _ kind: BrokerUnderLoad.Kind, port: Int, _ count: Int, _ bodyBytes: Int, _ family: TestFamily
    ) async throws -> [any Sender] {
        switch kind {
        case .redis: return try (0..<count).map { _ in try RedisSender(port: port, bodyBytes: bodyBytes) }
        case .nats:
            let senders = try (0..<count).map { try NATSSender(port: port, name: $0, bodyBytes: bodyBytes) }
            try senders.first?.createStream()
            return senders
        case .kindred:
            let owner = try await family.device()
            let recipient = try family.device(issuedBy: owner)
            return try (0..<count).map { _ in
                try KindredSender(
                    port: port, device: family.device(issuedBy: owner), to: recipient, bodyBytes: bodyBytes)
            }
        }
    }

    /// Prints a row for each broker, number of senders and size; Redis is what the others are measured by.
    /// - Parameter only: as `16/128`, the senders and bytes of the one case wanted; then without the peers.
    func printRows(only: String?) async throws {
        let family = try TestFamily(now: Int64(Date().timeIntervalSince1970 * 1000))
        for bodyBytes in [128, 4096] {
            for senders in [1, 16, 128] where only == nil || only == "\(senders)/\(bodyBytes)" {
                var redis: Samples?
                for kind in [BrokerUnderLoad.Kind.redis, .nats, .kindred]
                where BrokerUnderLoad.isThere(kind) && (only == nil || kind == .kindred) {
                    let row = try await sends(kind, senders: senders, bodyBytes: bodyBytes, family: family)
                    Table.row(
                        "\(kind.name), \(senders == 1 ? "1 sender" : "\(senders) senders"), \(bodyBytes) B",
                        row.samples, redis.map { (row.samples, $0, "Redis") },
                        note: String(format: "%.0f µs of processor", row.processor))
                    if kind == .redis { redis = row.samples }
                }
            }
        }
    }
}

extension BrokerUnderLoad.Kind {
    var name: String {
        switch self {
        case .kindred: "`kin serve`"
        case .redis: "Redis Streams"
        case .nats: "NATS JetStream¹"
        }
    }
}
