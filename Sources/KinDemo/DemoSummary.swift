import KinEncoding

/// How the demo ended.
public struct DemoSummary: Hashable, Sendable {
    public var delivery: Delivery
    /// From the first send to the last arrival.
    public var seconds: Double
    public var kills: [DemoPart: Int]
    public var seed: UInt64
    /// One message as the server has it.
    public var stored: StoredMessage
    /// Texts and names found in the server's files: none, or the server is not blind.
    public var seenByServer: [String]
    /// Parts that did not end cleanly within 5 s of SIGTERM.
    public var uncleanEnds: [DemoPart]
    /// The folder, where it was kept.
    public var folder: String?

    /// Messages a second.
    public var rate: Double { seconds > 0 ? Double(delivery.sent) / seconds : 0 }

    public var isGood: Bool { delivery.isComplete && seenByServer.isEmpty && uncleanEnds.isEmpty }

    public var json: JSON {
        .object([
            "ok": .bool(isGood), "messages": .integer(Int64(delivery.sent)),
            "received": .integer(Int64(delivery.received)), "missing": .integer(Int64(delivery.missing)),
            "repeated": .integer(Int64(delivery.repeated)), "out_of_order": .integer(Int64(delivery.outOfOrder)),
            "sent_sha256": .string(delivery.sentDigest), "received_sha256": .string(delivery.receivedDigest),
            "seconds": .number((seconds * 1000).rounded() / 1000), "rate": .number((rate * 10).rounded() / 10),
            "kills": .object(
                Dictionary(uniqueKeysWithValues: kills.map { ($0.key.rawValue, .integer(Int64($0.value))) })),
            "seed": .string(String(seed)),
            "stored": .object([
                "client_message_id": .string(stored.clientMessageID), "bytes": .integer(Int64(stored.bytes.count)),
                "hex": .string(Hex.encode(stored.bytes)),
            ]),
            "seen_by_server": .array(seenByServer.map { .string($0) }),
            "unclean_ends": .array(uncleanEnds.map { .string($0.rawValue) }),
            "folder": folder.map { .string($0) } ?? .null,
        ])
    }
}
