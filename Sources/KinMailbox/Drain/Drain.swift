import KinWire

/// Decides what leaves the outbox when: a pure state machine, with time passed in (milliseconds).
///
/// Each lane (destination, priority) keeps its order and goes its own pace. After a retryable refusal of n the lane waits and starts again from n; a new
/// connection starts every lane again from its first message that the broker has not taken.
public struct Drain: Sendable {
    /// Sends of one lane that may be unanswered.
    public static let laneWindow = 256
    /// Sends of all lanes that may be unanswered.
    public static let totalWindow = 1024
    static let firstBackoff: Int64 = 500
    static let longestBackoff: Int64 = 60_000

    public typealias Lane = OutboxRow.Lane

    /// What to read from the outbox next.
    public struct Load: Hashable, Sendable {
        public var lane: Lane
        public var after: Int64
        public var limit: Int
    }

    /// What to do about a refused send.
    public enum Verdict: Hashable, Sendable {
        /// It can never succeed.
        case dead
        /// The lane goes on from it at this time.
        case delayed(until: Int64)
        /// As `delayed`, and the broker must learn the recipient's chain first.
        case introduce(Lane, until: Int64)
        /// The broker waits for a message that was given up here, and takes nothing behind it in this session: only another one goes on.
        case standsStill
        /// Part of a refusal that was dealt with.
        case ignore
    }

    private struct LaneState {
        var sentThrough: Int64 = 0
        var inFlight: [ClientMessageID: Int64] = [:]
        /// The outbox holds messages of this lane that were not sent on this connection.
        var isBehind = true
        var cameDuringLoad = false
        var waitsUntil: Int64?
        var failures = 0
        /// It waits for a key or an upload, and for nothing else.
        var waitsForMeans = false
        /// The broker refused something on this connection that it would take later.
        var wasRefused = false

        /// Whether everything before it was answered.
        func isFirst(_ seq: Int64) -> Bool { !inFlight.values.contains { $0 < seq } }
    }

    private var lanes: [Lane: LaneState] = [:]
    private var laneOf: [ClientMessageID: Lane] = [:]
    private var loading: Load?
    private var isConnected = false
    /// Where a session was given up last: a broker for which another one changes nothing is waited for.
    private var stoodStillAt: ClientMessageID?
    private let jitter: @Sendable (Int64) -> Int64

    /// - Parameter jitter: a random part of its argument, so that many daemons do not come back at once.
    public init(jitter: @escaping @Sendable (Int64) -> Int64 = { Int64.random(in: 0...max(1, $0 / 4)) }) {
        self.jitter = jitter
    }

    /// Sends that have no answer yet.
    public var inFlightCount: Int { laneOf.count }

    /// Whether it was sent on this connection and has no answer yet.
    public func isInFlight(_ id: ClientMessageID) -> Bool { laneOf[id] != nil }

    /// A session is ready: everything unresolved is due.
    public mutating func connected(lanes pending: [Lane]) {
        isConnected = true
        loading = nil
        laneOf.removeAll()
        lanes = Dictionary(pending.map { ($0, LaneState()) }) { first, _ in first }
    }

    public mutating func disconnected() {
        isConnected = false
        loading = nil
        laneOf.removeAll()
        lanes.removeAll()
    }

    /// A message was accepted. Returns whether to send it at once; else it is found in the outbox later.
    public mutating func accepted(_ id: ClientMessageID, lane: Lane, seq: Int64) -> Bool {
        guard isConnected else { return false }
        var state = lanes[lane] ?? LaneState(isBehind: false)
        defer { lanes[lane] = state }
        guard seq > state.sentThrough else { return false }
        if loading?.lane == lane { state.cameDuringLoad = true }
        guard !state.isBehind, state.waitsUntil == nil, hasRoom(in: state) else {
            state.isBehind = true
            return false
        }
        sent(id, seq, lane, &state)
        return true
    }

    /// What to read next, if anything may be sent. Until `loaded` or `loadFailed` no other load is given.
    public mutating func nextLoad(now: Int64) -> Load? {
        guard isConnected, loading == nil else { return nil }
        let ready = lanes.first { _, state in
            state.isBehind && hasRoom(in: state) && (state.waitsUntil ?? now) <= now
        }
        guard let (lane, state) = ready else { return nil }
        lanes[lane]?.waitsUntil = nil
        lanes[lane]?.cameDuringLoad = false
        let room = min(Self.laneWindow - state.inFlight.count, Self.totalWindow - laneOf.count)
        let load = Load(lane: lane, after: state.sentThrough, limit: room)
        loading = load
        return load
    }

    /// The outbox's answer. Returns the messages to send, in order.
    public mutating func loaded(_ rows: [OutboxRow], for load: Load) -> [OutboxRow] {
        guard loading == load, var state = lanes[load.lane] else { return [] }
        loading = nil
        // The lane started over meanwhile: this answer would leave a hole.
        guard state.sentThrough == load.after, state.waitsUntil == nil else { return [] }
        for row in rows { sent(row.clientMessageID, row.seq, load.lane, &state) }
        if rows.isEmpty && !state.cameDuringLoad { state.isBehind = false }
        lanes[load.lane] = state
        return rows
    }

    public mutating func loadFailed() { loading = nil }

    /// The broker took it. Returns whether the answer was awaited.
    public mutating func acked(_ id: ClientMessageID) -> Bool {
        guard let lane = resolve(id) else { return false }
        lanes[lane]?.failures = 0
        return true
    }

    /// The broker refused it.
    public mutating func nacked(_ nack: Nack, now: Int64) -> Verdict {
        guard let lane = laneOf[nack.clientMessageID], let state = lanes[lane],
            let seq = state.inFlight[nack.clientMessageID]
        else { return .ignore }
        guard nack.retryable else {
            _ = resolve(nack.clientMessageID)
            return .dead
        }
        if nack.code == "out_of_order", state.wasRefused, state.isFirst(seq), stoodStillAt != nack.clientMessageID {
            stoodStillAt = nack.clientMessageID
            return .standsStill
        }
        return goBack(lane, to: seq, nack, now: now)
    }

    /// Where a message goes that was sent on this connection and has no answer yet.
    public func destination(of id: ClientMessageID) -> Destination? { laneOf[id]?.destination }

    /// The key or the upload that lanes waited for is there.
    public mutating func due(_ destination: Destination) {
        for lane in Array(lanes.keys) where lane.destination == destination && lanes[lane]?.waitsForMeans == true {
            lanes[lane]?.waitsUntil = nil
        }
    }

    /// A message never left (it could not be sealed, or is too old): the broker was not asked.
    public mutating func dropped(_ id: ClientMessageID) { _ = resolve(id) }

    /// When a waiting lane is due; nil where none waits.
    public var nextDeadline: Int64? { lanes.values.compactMap { $0.isBehind ? $0.waitsUntil : nil }.min() }

    private mutating func goBack(_ lane: Lane, to seq: Int64, _ nack: Nack, now: Int64) -> Verdict {
        guard var state = lanes[lane] else { return .ignore }
        for (id, sent) in state.inFlight where sent >= seq {
            state.inFlight[id] = nil
            laneOf[id] = nil
        }
        state.sentThrough = min(state.sentThrough, seq - 1)
        state.isBehind = true
        let isIntroduction = nack.code == "unknown_member"
        state.wasRefused = true
        let delay = isIntroduction && state.failures == 0 ? 0 : backoff(after: state.failures)
        state.failures += 1
        let until = now + max(delay, nack.retryAfter ?? 0)
        state.waitsUntil = until
        state.waitsForMeans = Self.meansCodes.contains(nack.code)
        lanes[lane] = state
        return isIntroduction ? .introduce(lane, until: until) : .delayed(until: until)
    }

    private static let meansCodes: Set = ["pending_key", "epoch_stale", "pending_upload"]

    private func backoff(after failures: Int) -> Int64 {
        let delay = min(Self.longestBackoff, Self.firstBackoff << Int64(min(failures, 7)))
        return delay + jitter(delay)
    }

    private func hasRoom(in state: LaneState) -> Bool {
        state.inFlight.count < Self.laneWindow && laneOf.count < Self.totalWindow
    }

    private mutating func sent(_ id: ClientMessageID, _ seq: Int64, _ lane: Lane, _ state: inout LaneState) {
        state.sentThrough = seq
        state.inFlight[id] = seq
        laneOf[id] = lane
    }

    private mutating func resolve(_ id: ClientMessageID) -> Lane? {
        guard let lane = laneOf.removeValue(forKey: id) else { return nil }
        lanes[lane]?.inFlight[id] = nil
        return lane
    }
}
