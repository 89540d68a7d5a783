import KinWire

/// Keeps the order of one session's sends (docs/protocol/mesh.md, "Acceptance of a send").
///
/// Within a (line, destination, priority) seqs are taken only rising. After a retryable refusal of n everything later is refused until n or lower
/// comes: go-back-N, so that nothing overtakes what has to be sent again.
struct OrderGate {
    private struct Lane: Hashable {
        var line: [UInt8]
        var destination: Destination
        var priority: Priority

        init(_ send: Send) {
            line = send.line
            destination = send.destination
            priority = send.priority
        }
    }

    private enum Progress {
        case taken(through: Int64)
        case waiting(for: Int64)
    }

    private var lanes: [Lane: Progress] = [:]
    /// A session that makes up more lines than this starts over.
    private static let maxLanes = 65_536

    /// - Returns: nil when the send may be taken now.
    mutating func admit(_ send: Send) -> Refusal? {
        if lanes.count >= Self.maxLanes { lanes.removeAll() }
        let lane = Lane(send)
        switch lanes[lane] {
        case .taken(let last) where send.seq <= last:
            lanes[lane] = .waiting(for: send.seq)
            return .outOfOrder
        case .waiting(let first) where send.seq > first: return .outOfOrder
        default:
            lanes[lane] = .taken(through: send.seq)
            return nil
        }
    }

    /// The send was stored before: where it is waited for, it is there.
    mutating func known(_ send: Send) {
        let lane = Lane(send)
        if case .waiting(send.seq) = lanes[lane] { lanes[lane] = .taken(through: send.seq) }
    }

    /// The send was refused, but can succeed later.
    mutating func wait(for send: Send) {
        let lane = Lane(send)
        if case .waiting(let first) = lanes[lane], first <= send.seq { return }
        lanes[lane] = .waiting(for: send.seq)
    }
}
