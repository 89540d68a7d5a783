import KinMailbox
import KinTesting
import KinWire

/// A drain, its outbox and a broker, with everything between them late in every possible way: commits and their announcements, reads and their answers,
/// frames and acks. A seed decides what happens next.
struct DrainWorld {
    private var chance: SeededGenerator
    private var drain = Drain { _ in 0 }
    private var now: Int64 = 0
    private var isConnected = false

    private(set) var broker = ModelBroker()
    /// Everything ever committed; row n of a lane has seq n + 1.
    private var rows: [Lane: [OutboxRow]] = [:]
    private var pending: [ClientMessageID: OutboxRow] = [:]
    private var unannounced: [OutboxRow] = []
    private var load: (wanted: Drain.Load, rows: [OutboxRow]?)?
    private var toBroker: [OutboxRow] = []
    private var toClient: [ModelBroker.Answer] = []
    /// Refused by the broker whenever they come.
    private var forbidden: Set<ClientMessageID> = []
    /// Those that cannot be sealed.
    private var unsealable: Set<ClientMessageID> = []
    private(set) var acked: [Lane: [Int64]] = [:]
    private(set) var dead: [Lane: Set<Int64>] = [:]
    private(set) var broken: [String] = []

    static let lanes = [
        Sample.lane(1), Sample.lane(1, .now), Sample.lane(2), Sample.lane(3, .low), Sample.lane(4), Sample.lane(5),
    ]

    init(seed: UInt64) { chance = SeededGenerator(seed: seed) }

    /// Rows that the broker should have taken, by lane.
    var wanted: [Lane: [Int64]] {
        rows.reduce(into: [:]) { wanted, lane in
            let living = lane.value.map(\.seq).filter { dead[lane.key]?.contains($0) != true }
            if !living.isEmpty { wanted[lane.key] = living }
        }
    }

    var waiting: Int { pending.count }
    var inFlight: Int { drain.inFlightCount }

    mutating func step() {
        switch chance.number(in: 0..<100) {
        case 0..<20: commit(chance.number(in: 1..<4))
        case 20..<22: commit(chance.number(in: 100..<401))
        case 22..<38: announce(chance.number(in: 1..<5))
        case 38..<52: startLoad()
        case 52..<64: finishLoad()
        case 64..<78: deliver(chance.number(in: 1..<41), isFair: false)
        case 78..<90: answer(chance.number(in: 1..<41))
        case 90..<97: now += Int64.random(in: 0...3000, using: &chance)
        default: if isConnected { disconnect() } else { connect() }
        }
        check()
    }

    /// Lets everything arrive, refusing nothing, until nothing is left to do.
    mutating func settle() {
        if !isConnected { connect() }
        for _ in 0..<2000 where waiting > 0 || !unannounced.isEmpty {
            announce(.max)
            finishLoad()
            startLoad()
            finishLoad()
            deliver(.max, isFair: true)
            answer(.max)
            if let deadline = drain.nextDeadline { now = max(now, deadline) }
            check()
        }
    }

    private mutating func check() {
        if drain.inFlightCount > Drain.totalWindow { broken.append("more than 1,024 in flight") }
    }

    private mutating func happens(_ percent: Int) -> Bool { chance.number(in: 0..<100) < percent }

    // MARK: What can happen

    private mutating func commit(_ count: Int) {
        guard let lane = Self.lanes.randomElement(using: &chance) else { return }
        for _ in 0..<count {
            let seq = Int64(rows[lane]?.count ?? 0) + 1
            let row = Sample.row("\(lane.destination.ref.suffix(3))-\(lane.priority.rank)-\(seq)", lane, seq: seq)
            if happens(3) { forbidden.insert(row.clientMessageID) }
            if happens(2) { unsealable.insert(row.clientMessageID) }
            rows[lane, default: []].append(row)
            pending[row.clientMessageID] = row
            unannounced.append(row)
        }
    }

    private mutating func announce(_ count: Int) {
        for row in unannounced.prefix(count) where drain.accepted(row.clientMessageID, lane: row.lane, seq: row.seq) {
            send([row])
        }
        unannounced.removeFirst(min(count, unannounced.count))
    }

    /// The read may happen when it is asked for, or when its answer is due.
    private mutating func startLoad() {
        guard load == nil, let wanted = drain.nextLoad(now: now) else { return }
        load = (wanted, happens(50) ? read(wanted) : nil)
    }

    private mutating func finishLoad() {
        guard let (wanted, rows) = load else { return }
        load = nil
        if happens(5) { return drain.loadFailed() }
        send(drain.loaded(rows ?? read(wanted), for: wanted))
    }

    private func read(_ load: Drain.Load) -> [OutboxRow] {
        let later = (rows[load.lane] ?? []).dropFirst(Int(load.after)).lazy
        return Array(later.filter { pending[$0.clientMessageID] != nil }.prefix(load.limit))
    }

    private mutating func send(_ rows: [OutboxRow]) {
        for row in rows {
            if unsealable.contains(row.clientMessageID) {
                drain.dropped(row.clientMessageID)
                bury(row)
            } else {
                toBroker.append(row)
            }
        }
    }

    private mutating func deliver(_ count: Int, isFair: Bool) {
        for row in toBroker.prefix(count) {
            let refusing =
                !isFair && happens(6) ? ["unknown_member", "rate_limited"].randomElement(using: &chance) : nil
            toClient.append(
                broker.receive(row, forbidden: forbidden.contains(row.clientMessageID), refusing: refusing))
        }
        toBroker.removeFirst(min(count, toBroker.count))
    }

    private mutating func answer(_ count: Int) {
        for answer in toClient.prefix(count) {
            switch answer {
            case .ack(let id): if drain.acked(id) { finish(id) }
            case .nack(let nack):
                if drain.nacked(nack, now: now) == .dead, let row = pending[nack.clientMessageID] { bury(row) }
            }
        }
        toClient.removeFirst(min(count, toClient.count))
    }

    private mutating func finish(_ id: ClientMessageID) {
        guard let row = pending.removeValue(forKey: id) else { return }
        acked[row.lane, default: []].append(row.seq)
    }

    private mutating func bury(_ row: OutboxRow) {
        pending[row.clientMessageID] = nil
        dead[row.lane, default: []].insert(row.seq)
    }

    private mutating func disconnect() {
        isConnected = false
        drain.disconnected()
        (load, toBroker, toClient) = (nil, [], [])
    }

    private mutating func connect() {
        isConnected = true
        broker.startSession()
        load = nil
        drain.connected(lanes: Array(Set(pending.values.map(\.lane))))
    }
}
