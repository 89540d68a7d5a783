import Foundation

/// Durations of one kind of work, in seconds.
struct Samples {
    private(set) var seconds: [Double] = []
    /// Wall time over all of them, where they ran side by side.
    var wall: Double?

    mutating func add(_ duration: Double) { seconds.append(duration) }

    mutating func add(_ other: Samples) { seconds += other.seconds }

    var count: Int { seconds.count }

    var perSecond: Double {
        let total = wall ?? seconds.reduce(0, +)
        return total > 0 ? Double(seconds.count) / total : 0
    }

    /// - Parameter share: 0.5 is the median.
    func quantile(_ share: Double) -> Double {
        guard !seconds.isEmpty else { return .nan }
        let sorted = seconds.sorted()
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
}

/// Seconds of a monotonic clock.
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Runs `work` until `seconds` have passed, timing each call.
func measure(for seconds: Double, _ work: () throws -> Void) rethrows -> Samples {
    var samples = Samples()
    let start = monotonicSeconds()
    while monotonicSeconds() - start < seconds {
        let before = monotonicSeconds()
        try work()
        samples.add(monotonicSeconds() - before)
    }
    samples.wall = monotonicSeconds() - start
    return samples
}
