import Synchronization

/// Waits for a number of values, and hands them on in the order they came.
final class Gathering<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    private let count: Int
    private let done: @Sendable ([Value]) -> Void

    init(of count: Int, done: @escaping @Sendable ([Value]) -> Void) {
        self.count = count
        self.done = done
    }

    func add(_ value: Value) {
        let all = values.withLock { values in
            values.append(value)
            return values.count == count ? values : nil
        }
        if let all { done(all) }
    }
}
