import KinEncoding

/// Where copies of a member stood that have left, under `allow_concurrent`: for an hour nothing beyond is finished, so that a copy that comes back gets
/// what came while it was away. In memory; after a start of the broker nobody knows which copies there were, so what was finished before counts as one.
///
/// Copies cannot be told apart. Whoever comes is taken for one that left: for the last there is, or, of several, for one of the two that left last, whose
/// places become one, the lower of both.
struct Departures {
    /// Milliseconds.
    static let patience: Int64 = 3_600_000
    static let maxCopies = 16

    private struct Copy {
        /// Up to where it had acknowledged everything, by priority rank.
        var positions: [Int64]
        var leftAt: Int64
    }

    private struct Places {
        var known: [Copy] = []
        /// Of the time before the broker was started.
        var former: Copy?
    }

    private let startedAt: Int64
    private var places: [ULID: Places] = [:]

    init(startedAt: Int64) { self.startedAt = startedAt }

    /// A copy comes, and takes deliveries up from `positions`.
    mutating func came(_ member: ULID, at positions: [Int64]) {
        guard var copies = places[member] else {
            places[member] = Places(former: Copy(positions: positions, leftAt: startedAt))
            return
        }
        if copies.known.count > 1 { Self.merge(&copies.known) } else { copies.known = [] }
        places[member] = copies
    }

    /// A copy has left.
    mutating func left(_ member: ULID, at positions: [Int64], now: Int64) {
        places[member, default: Places()].known.append(Copy(positions: positions, leftAt: now))
        if places[member, default: Places()].known.count > Self.maxCopies {
            Self.merge(&places[member, default: Places()].known)
        }
    }

    /// Of what those that are here have acknowledged, what none lacks that left less than an hour ago.
    mutating func heldBack(_ finished: [Int64], of member: ULID, now: Int64) -> [Int64] {
        guard var copies = places[member] else { return finished }
        let isAwaited = { (copy: Copy) in now - copy.leftAt < Self.patience }
        copies.known = copies.known.filter(isAwaited)
        copies.former = copies.former.flatMap { isAwaited($0) ? $0 : nil }
        places[member] = copies
        return (copies.known + (copies.former.map { [$0] } ?? [])).reduce(finished) { Self.lower($0, $1.positions) }
    }

    private static func merge(_ copies: inout [Copy]) {
        guard let one = copies.popLast(), let other = copies.popLast() else { return }
        copies.append(Copy(positions: lower(one.positions, other.positions), leftAt: max(one.leftAt, other.leftAt)))
    }

    /// By rank; what one does not name it has nothing of.
    private static func lower(_ one: [Int64], _ other: [Int64]) -> [Int64] {
        one.indices.map { other.indices.contains($0) ? min(one[$0], other[$0]) : 0 }
    }
}
