/// The connected sessions of one member, the oldest first, and how far they have come together.
struct Siblings {
    private(set) var sessions: [BrokerSession] = []
    /// Where each took deliveries up.
    private var cameAt: [ObjectIdentifier: [Int64]] = [:]
    /// Up to where any session that has left had acknowledged everything, by priority rank.
    private var reached: [Int64] = []

    /// Up to where deliveries are finished, by priority rank: each session that is here has acknowledged them, or the last one that was.
    var finished: [Int64] {
        let here = sessions.compactMap(\.positions)
        guard let first = here.first else { return reached }
        return here.dropFirst().reduce(first) { zip($0, $1).map { min($0, $1) } }
    }

    mutating func add(_ session: BrokerSession, at positions: [Int64]) {
        sessions.append(session)
        cameAt[ObjectIdentifier(session)] = positions
    }

    /// Deliveries begin again behind `position`, where they had come further.
    mutating func rewind(to position: Int64) {
        for session in sessions { session.rewind(to: position) }
        cameAt = cameAt.mapValues { $0.map { min($0, position) } }
        reached = reached.map { min($0, position) }
    }

    /// What a session that leaves had acknowledged waits for nobody but those that stay.
    /// - Returns: where it stood; nil where it was not here.
    mutating func remove(_ session: BrokerSession) -> [Int64]? {
        guard let index = sessions.firstIndex(where: { $0 === session }) else { return nil }
        sessions.remove(at: index)
        let came = cameAt.removeValue(forKey: ObjectIdentifier(session)) ?? []
        // One that ends at once was handed nothing yet.
        let left = session.lastPositions.isEmpty ? came : session.lastPositions
        reached = reached.isEmpty || left.isEmpty ? reached + left : zip(reached, left).map { max($0, $1) }
        return left
    }
}
