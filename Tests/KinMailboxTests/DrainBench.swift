import KinMailbox
import KinWire

/// A drain over an outbox in memory: says "accept, pump, refuse" in a line each, and remembers what left.
final class DrainBench {
    private var drain: Drain
    var now: Int64 = 1_000_000
    /// The ids that left, in order, since they were last taken.
    private(set) var sent: [String] = []
    private var pending: [Lane: [OutboxRow]] = [:]
    private var lastSeq: [Lane: Int64] = [:]

    /// - Parameter jitter: none unless said.
    init(_ drain: Drain = Drain { _ in 0 }) { self.drain = drain }

    /// A bench whose session is ready.
    static func connected(_ drain: Drain = Drain { _ in 0 }) -> DrainBench {
        let bench = DrainBench(drain)
        bench.connect()
        return bench
    }

    func takeSent() -> [String] {
        defer { sent = [] }
        return sent
    }

    /// Puts a message on the disk alone.
    func commit(_ id: String, _ lane: Lane = Sample.lane()) -> OutboxRow {
        lastSeq[lane, default: 0] += 1
        let row = Sample.row(id, lane, seq: lastSeq[lane, default: 0])
        pending[lane, default: []].append(row)
        return row
    }

    /// Tells the drain of a message on the disk. Returns whether it left at once.
    @discardableResult
    func announce(_ row: OutboxRow) -> Bool {
        let leaves = drain.accepted(row.clientMessageID, lane: row.lane, seq: row.seq)
        if leaves { sent.append(row.clientMessageID.description) }
        return leaves
    }

    @discardableResult
    func accept(_ id: String, _ lane: Lane = Sample.lane()) -> Bool { announce(commit(id, lane)) }

    func accept(_ range: ClosedRange<Int>, _ lane: Lane = Sample.lane(), prefix: String = "") {
        for number in range { accept("\(prefix)\(number)", lane) }
    }

    /// Takes a message from the disk.
    func giveUp(_ id: String) {
        for lane in pending.keys { pending[lane]?.removeAll { $0.clientMessageID.description == id } }
    }

    var inFlightCount: Int { drain.inFlightCount }

    var nextDeadline: Int64? { drain.nextDeadline }

    func nextLoad() -> Drain.Load? { drain.nextLoad(now: now) }

    func loadFailed() { drain.loadFailed() }

    func drop(_ id: String) { drain.dropped(Sample.id(id)) }

    func disconnect() { drain.disconnected() }

    func connect() { drain.connected(lanes: Array(pending.filter { !$0.value.isEmpty }.keys)) }

    func rows(for load: Drain.Load) -> [OutboxRow] {
        Array((pending[load.lane] ?? []).filter { $0.seq > load.after }.prefix(load.limit))
    }

    /// Answers a load. Returns how many messages left.
    @discardableResult
    func answer(_ load: Drain.Load, with rows: [OutboxRow]) -> Int {
        let leaving = drain.loaded(rows, for: load)
        sent += leaving.map(\.clientMessageID.description)
        return leaving.count
    }

    /// Loads and sends whatever may be.
    func pump() {
        while let load = nextLoad() { answer(load, with: rows(for: load)) }
    }

    func ack(_ id: String) -> Bool {
        guard drain.acked(Sample.id(id)) else { return false }
        remove(id)
        return true
    }

    func nack(
        _ id: String, _ code: String = "rate_limited", retryable: Bool = true, after: Int64? = nil
    ) -> Drain.Verdict {
        let verdict = drain.nacked(
            Nack(clientMessageID: Sample.id(id), code: code, retryable: retryable, retryAfter: after), now: now)
        if verdict == .dead { remove(id) }
        return verdict
    }

    private func remove(_ id: String) {
        for lane in pending.keys { pending[lane]?.removeAll { $0.clientMessageID == Sample.id(id) } }
    }
}
