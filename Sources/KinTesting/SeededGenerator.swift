/// SplitMix64: the same sequence for the same seed, so that a failure can be run again.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// As many as chance says, at most `count`.
    public mutating func bytes(upTo count: Int) -> [UInt8] { bytes(number(in: 0..<(count + 1))) }

    public mutating func number(in range: Range<Int>) -> Int { Int.random(in: range, using: &self) }

    /// True once in `count` times.
    public mutating func oneIn(_ count: Int) -> Bool { number(in: 0..<count) == 0 }
}
