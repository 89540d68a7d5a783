/// When which part is killed: spread over the middle of the stream, at random moments that a seed repeats.
struct KillPlan: Hashable, Sendable {
    /// What is killed just before the line of that index is sent.
    let kills: [Int: DemoPart]

    /// - Parameter times: how often each part is killed; fewer where there are fewer lines than kills.
    init(lines: Int, times: Int, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        // Nothing to kill in the first and last tenth: the stream must be under way, and not over.
        let middle = lines / 10..<lines - lines / 10
        let count = min(max(times, 0), middle.count / DemoPart.killed.count) * DemoPart.killed.count
        let parts = (0..<count).map { DemoPart.killed[$0 % DemoPart.killed.count] }.shuffled(using: &generator)
        var kills: [Int: DemoPart] = [:]
        for (slot, part) in parts.enumerated() {
            let start = middle.lowerBound + middle.count * slot / count
            let end = middle.lowerBound + middle.count * (slot + 1) / count
            kills[Int.random(in: start..<end, using: &generator)] = part
        }
        self.kills = kills
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere for one seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
