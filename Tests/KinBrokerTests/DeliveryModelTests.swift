import KinTesting
import KinWire
import Testing

@testable import KinBroker

/// The window against a store that is nothing but three lists, with everything happening at any time.
@Suite struct DeliveryModelTests {
    @Test(
        "in any order of events: bounds hold, order holds, and everything is delivered",
        arguments: 0..<40 as Range<UInt64>)
    func model(seed: UInt64) throws {
        var model = DeliveryModel(seed: seed)
        for _ in 0..<300 { try model.step() }
        try model.drain()
        #expect(model.faults == [])
        #expect(model.unacknowledged == 0, "every message was acknowledged in the end")
        #expect(model.delivered > 0)
    }
}

private struct DeliveryModel {
    private struct Entry {
        let message: StoredMessage
        let rank: Int
    }

    private var generator: SeededGenerator
    private var window = DeliveryWindow(positions: [0, 0, 0])
    private var now: Int64 = 0
    private var lastID: Int64 = 0
    private var log: [Entry] = []
    /// Handed out, lease running, not acknowledged: id → bytes, and until when.
    private var inFlight: [Int64: (bytes: Int, until: Int64)] = [:]
    private var acknowledged: Set<Int64> = []
    private var everDelivered: Set<Int64> = []
    /// The last id handed out of each priority since its last restart.
    private var lastHandedOut: [Int64] = [0, 0, 0]
    private var positions: [Int64] = [0, 0, 0]
    private var load: (DeliveryWindow.Load, [StoredMessage])?
    private(set) var faults: [String] = []

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    var delivered: Int { everDelivered.count }

    /// Messages that a recipient should have had and did not acknowledge.
    var unacknowledged: Int { log.filter { !isDone($0.message) }.count }

    /// Messages of one priority with ids in a range; ids are places in the log, from 1.
    private func entries(of rank: Int, from first: Int64, to last: Int64) -> [StoredMessage] {
        guard first <= last else { return [] }
        return log[Int(first - 1)..<min(Int(last), log.count)].filter { $0.rank == rank }.map(\.message)
    }

    mutating func step() throws {
        now += Int64(generator.number(in: 0..<400))
        switch generator.number(in: 0..<10) {
        case 0...3: try store()
        case 4, 5: startLoad()
        case 6: finishLoad()
        case 7, 8: acknowledge(upTo: generator.number(in: 1..<80))
        default: if generator.oneIn(8) { expire(after: 31_000) } else { expire(after: 0) }
        }
        check()
    }

    /// A willing recipient: everything is acknowledged as it comes.
    mutating func drain() throws {
        for _ in 0..<2_000 {
            if unacknowledged == 0 { return }
            finishLoad()
            startLoad()
            finishLoad()
            acknowledge(upTo: 300)
            check()
        }
    }

    private func isDone(_ message: StoredMessage) -> Bool {
        acknowledged.contains(message.push.brokerMessageID)
    }

    private mutating func store() throws {
        for _ in 0..<generator.number(in: 1..<40) {
            lastID += 1
            let priority = Priority.allCases[generator.number(in: 0..<3)]
            let bytes = generator.oneIn(10) ? 65_536 : generator.number(in: 1..<2_000)
            let message = try DeliveryWindowTests.message(lastID, priority, bytes: bytes)
            log.append(Entry(message: message, rank: priority.rank))
            if window.offer(id: lastID, priority: priority, bytes: bytes, now: now) { handOut(message) }
        }
    }

    private mutating func startLoad() {
        guard load == nil, let next = window.nextLoad() else { return }
        var bytes = 0
        var read: [StoredMessage] = []
        for message in entries(of: next.priority.rank, from: next.after + 1, to: lastID) {
            bytes += message.body.count
            if read.count == next.limit || (bytes > next.maxBytes && !read.isEmpty) { break }
            read.append(message)
        }
        load = (next, read)
    }

    private mutating func finishLoad() {
        guard let (question, answer) = load else { return }
        load = nil
        if generator.oneIn(10) { return window.loadFailed() }
        for message in window.loaded(answer, for: question, now: now) { handOut(message) }
    }

    private mutating func handOut(_ message: StoredMessage) {
        let id = message.push.brokerMessageID
        let rank = message.push.priority.rank
        if id <= lastHandedOut[rank] { faults.append("\(id) after \(lastHandedOut[rank]) in \(message.push.priority)") }
        for other in entries(of: rank, from: lastHandedOut[rank] + 1, to: id - 1) where !isDone(other) {
            faults.append("\(id) handed out before \(other.push.brokerMessageID)")
        }
        lastHandedOut[rank] = id
        inFlight[id] = (message.body.count, now + DeliveryWindow.lease)
        everDelivered.insert(id)
    }

    private mutating func acknowledge(upTo count: Int) {
        let ids = inFlight.keys.sorted().filter { _ in !generator.oneIn(4) }.prefix(count)
        let shuffled = ids.shuffled(using: &generator)
        _ = window.acknowledge(shuffled + [lastID + 1_000])
        for id in shuffled {
            inFlight[id] = nil
            acknowledged.insert(id)
        }
    }

    private mutating func expire(after milliseconds: Int64) {
        now += milliseconds
        let ranks = Set(inFlight.filter { $0.value.until <= now }.compactMap { entry in rank(of: entry.key) })
        let expired = window.expireLeases(now: now) > 0
        if expired != !ranks.isEmpty { faults.append("leases: \(expired) for \(ranks)") }
        for rank in ranks {
            inFlight = inFlight.filter { self.rank(of: $0.key) != rank }
            lastHandedOut[rank] = window.positions[rank]
        }
    }

    private func rank(of id: Int64) -> Int? { log.indices.contains(Int(id) - 1) ? log[Int(id) - 1].rank : nil }

    private mutating func check() {
        let bytes = inFlight.values.reduce(0) { $0 + $1.bytes }
        if inFlight.count > DeliveryWindow.maxInFlight { faults.append("\(inFlight.count) in flight") }
        if bytes > DeliveryWindow.maxBytes { faults.append("\(bytes) bytes in flight") }
        for (rank, position) in window.positions.enumerated() {
            if position < positions[rank] { faults.append("position fell to \(position)") }
            for passed in entries(of: rank, from: positions[rank] + 1, to: position) where !isDone(passed) {
                faults.append("position passed \(passed.push.brokerMessageID)")
            }
            positions[rank] = position
        }
    }
}
