import KinEncoding

/// Where copies of a member stood that have left, under `allow_concurrent`: for an hour nothing beyond is finished, so that a copy that comes back gets
/// what came while it was away. In memory; after a start of the broker nobody knows which copies there were, so what was finished before counts as one.
///
/// Copies cannot be told apart. Whoever comes is taken for one that left: for the last there is, or, of several, for one of the two that left last, whose
/// places are kept as one's, each for its own hour.
struct Departures {
    /// Milliseconds.
    static let patience: Int64 = 3_600_000
    static let maxCopies = 16

    private struct Place {
        /// Up to where everything was acknowledged, by priority rank.
        var positions: [Int64]
        var leftAt: Int64
    }

    private struct Places {
        /// Of each copy that is away: one place, or several where it is not known which it left.
        var copies: [[Place]] = []
        /// Of the time before the broker was started.
        var former: Place?
    }

    private let startedAt: Int64
    private var places: [ULID: Places] = [:]

    init(startedAt: Int64) { self.startedAt = startedAt }

    /// A copy comes, and takes deliveries up from `positions`.
    mutating func came(_ member: ULID, at positions: [Int64]) {
        guard var away = places[member] else {
            places[member] = Places(former: Place(positions: positions, leftAt: startedAt))
            return
        }
        if away.copies.count > 1 { Self.merge(&away.copies) } else { away.copies = [] }
        places[member] = away
    }

    /// A copy has left.
    mutating func left(_ member: ULID, at positions: [Int64], now: Int64) {
        var away = places[member] ?? Places()
        away.copies.append([Place(positions: positions, leftAt: now)])
        if away.copies.count > Self.maxCopies { Self.merge(&away.copies) }
        places[member] = away
    }

    /// Of what those that are here have acknowledged, what none lacks that left less than an hour ago.
    mutating func heldBack(_ finished: [Int64], of member: ULID, now: Int64) -> [Int64] {
        guard var away = places[member] else { return finished }
        let isAwaited = { (place: Place) in now - place.leftAt < Self.patience }
        away.copies = away.copies.map { $0.filter(isAwaited) }.filter { !$0.isEmpty }
        away.former = away.former.flatMap { isAwaited($0) ? $0 : nil }
        places[member] = away
        let awaited = away.copies.flatMap { $0 } + (away.former.map { [$0] } ?? [])
        return awaited.reduce(finished) { Self.lower($0, $1.positions) }
    }

    private static func merge(_ copies: inout [[Place]]) {
        guard let one = copies.popLast(), let other = copies.popLast() else { return }
        var both = (other + one).sorted { $0.leftAt < $1.leftAt }
        // Of many the two oldest become one, for as long as the older was to be kept.
        while both.count > maxCopies {
            let oldest = both.removeFirst()
            both[0] = Place(positions: lower(oldest.positions, both[0].positions), leftAt: oldest.leftAt)
        }
        copies.append(both)
    }

    /// By rank; what one does not name it has nothing of.
    private static func lower(_ one: [Int64], _ other: [Int64]) -> [Int64] {
        one.indices.map { other.indices.contains($0) ? min(one[$0], other[$0]) : 0 }
    }
}
