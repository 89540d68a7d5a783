import KinCrypto
import KinEncoding

/// What arrived, held against what was sent.
public struct Delivery: Hashable, Sendable {
    /// A message as the recipient's inbox has it.
    struct Arrival: Hashable, Sendable {
        /// Of the line, from 0; nil for an id the demo never used.
        var index: Int?
        var body: String
    }

    public let sent: Int
    public let received: Int
    public let missing: Int
    public let repeated: Int
    /// Lines that came after one that was sent later.
    public let outOfOrder: Int
    /// SHA-256 over all lines in order, each with a line feed, in hex.
    public let sentDigest: String
    public let receivedDigest: String

    /// Everything there, in order, once, unchanged.
    public var isComplete: Bool {
        missing == 0 && repeated == 0 && outOfOrder == 0 && sent == received && sentDigest == receivedDigest
    }

    /// - Parameter arrivals: in the inbox's order.
    init(lines: [String], arrivals: [Arrival]) {
        var times = [Int](repeating: 0, count: lines.count)
        var highest = -1
        var late = 0
        for case let index? in arrivals.map(\.index) where times.indices.contains(index) {
            times[index] += 1
            if index < highest && times[index] == 1 { late += 1 }
            highest = max(highest, index)
        }
        sent = lines.count
        received = arrivals.count
        missing = times.count { $0 == 0 }
        repeated = times.reduce(0) { $0 + max($1 - 1, 0) }
        outOfOrder = late
        sentDigest = Self.digest(of: lines)
        receivedDigest = Self.digest(of: arrivals.map(\.body))
    }

    private static func digest(of lines: [String]) -> String {
        var bytes: [UInt8] = []
        for line in lines {
            bytes.append(contentsOf: line.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return Hex.encode(Digest.sha256(bytes))
    }
}
