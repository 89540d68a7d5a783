/// What was typed and is not with the program yet, and those who wait for room.
struct SessionInput {
    typealias Waiter = CheckedContinuation<Void, any Error>

    static let maxWaiting = 64

    let limit: Int
    private(set) var bytes: ArraySlice<UInt8> = []
    private var waiting: [(number: Int, bytes: [UInt8], waiter: Waiter)] = []

    init(limit: Int) { self.limit = limit }

    /// Whether a write can be taken at once. One that comes while others wait goes behind them.
    func hasRoom(for count: Int) -> Bool { waiting.isEmpty && fits(count) }

    var canWait: Bool { waiting.count < Self.maxWaiting }

    private func fits(_ count: Int) -> Bool { bytes.isEmpty || bytes.count + count <= limit }

    mutating func add(_ more: [UInt8]) { bytes += more }

    mutating func wait(_ number: Int, _ bytes: [UInt8], _ waiter: Waiter) {
        waiting.append((number, bytes, waiter))
    }

    /// - Returns: those whose input was taken.
    mutating func wrote(_ count: Int) -> [Waiter] {
        bytes = count == bytes.count ? [] : bytes.dropFirst(count)
        var taken: [Waiter] = []
        while let next = waiting.first, fits(next.bytes.count) {
            bytes += next.bytes
            taken.append(next.waiter)
            waiting.removeFirst()
        }
        return taken
    }

    mutating func giveUp(_ number: Int) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.number == number }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    mutating func end() -> [Waiter] {
        defer { (bytes, waiting) = ([], []) }
        return waiting.map(\.waiter)
    }
}
