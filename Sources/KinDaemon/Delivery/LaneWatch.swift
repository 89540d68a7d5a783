import KinEncoding
import KinWire
import Synchronization

/// Counts gaps and reversals in the numbers of senders' lanes, of messages that came for the first time. Both are legal: a sender gives messages up,
/// and a broker that lost its store is told again. They show a broker that keeps messages back or changes their order.
final class LaneWatch: Sendable {
    private struct Lane: Hashable {
        var sender: ULID
        var line: [UInt8]
        /// This device, or a topic.
        var recipient: String
        var priority: Priority
    }

    /// Lanes remembered; all are forgotten when there are more.
    private static let maxLanes = 4096

    private let last = Mutex<[Lane: Int64]>([:])
    private let counters: InboundCounters

    init(_ counters: InboundCounters) { self.counters = counters }

    /// A message is new here. The first of a lane says nothing: those before it came before this daemon was started, or went to others.
    func came(_ message: SealedMessage) {
        let lane = Lane(
            sender: message.sender, line: message.line, recipient: message.recipient, priority: message.priority)
        let fact = last.withLock { last -> InboundCounters.Fact? in
            guard let known = last[lane] else {
                if last.count >= Self.maxLanes { last.removeAll() }
                last[lane] = message.seq
                return nil
            }
            last[lane] = max(known, message.seq)
            if message.seq < known { return .reversal }
            return message.seq > known + 1 ? .gap : nil
        }
        if let fact { counters.note(fact) }
    }
}
