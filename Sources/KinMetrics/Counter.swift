import Synchronization

/// A number that only rises. Counting is one relaxed atomic addition: no lock, no allocation, from any thread.
public final class Counter: Sendable {
    private let total = Atomic<Int>(0)

    public init() {}

    /// - Parameter amount: not negative.
    public func add(_ amount: Int = 1) { total.wrappingAdd(amount, ordering: .relaxed) }

    public var value: Int { total.load(ordering: .relaxed) }
}

/// The last of some figure. Setting it is one relaxed atomic store.
public final class Gauge: Sendable {
    private static let unset = Int.min
    private let last = Atomic<Int>(unset)

    public init() {}

    public func set(_ value: Int) { last.store(value, ordering: .relaxed) }

    /// nil before the first.
    public var value: Int? {
        let value = last.load(ordering: .relaxed)
        return value == Self.unset ? nil : value
    }
}
