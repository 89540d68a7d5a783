import KinWire

/// Which messages a connected member has been handed and has not acknowledged: a pure state machine.
///
/// Each priority is a log with positions (message ids). What was handed out and not acknowledged is in flight, at most 256 messages or 1 MiB; the rest waits
/// in the store. `position` of a lane moves over the acknowledged prefix.
struct DeliveryWindow {
    static let maxInFlight = 256
    static let maxBytes = 1 << 20
    /// Milliseconds until a push that is not acknowledged is repeated.
    static let lease: Int64 = 30_000

    struct InFlight {
        var bytes: Int
        var leasedUntil: Int64
    }

    private struct Lane {
        var handedOut: Int64
        var inFlight: [Int64: InFlight] = [:]
        /// Ids in flight, ascending; acknowledged ones are dropped from the front lazily.
        var order: ArraySlice<Int64> = []
        /// The store holds messages that were not handed out.
        var isBehind = true
        /// Something came while the store was being read.
        var cameDuringLoad = false

        var position: Int64 { order.first.map { $0 - 1 } ?? handedOut }
    }

    /// What to read from the store next.
    struct Load: Equatable {
        var priority: Priority
        var after: Int64
        var limit: Int
        var maxBytes: Int
    }

    private var lanes: [Lane]
    /// Handed out and not acknowledged, with the bytes of their bodies.
    var inFlight: (count: Int, bytes: Int) { (count, bytes) }

    private var isLoading = false
    /// What is being read was asked for before there was more to find.
    private var isLoadVoid = false
    /// What the store gave did not fit: no reading before something was acknowledged.
    private var isFull = false
    private var count = 0
    private var bytes = 0

    /// - Parameter positions: up to which everything is acknowledged, by priority rank.
    init(positions: [Int64]) {
        lanes = Priority.allCases.map { Lane(handedOut: positions.indices.contains($0.rank) ? positions[$0.rank] : 0) }
    }

    /// The acknowledged prefix of each priority, by rank.
    var positions: [Int64] { lanes.map(\.position) }

    /// Nothing waits in the store, and everything that was handed out is acknowledged.
    var isDrained: Bool { !isLoading && count == 0 && !lanes.contains { $0.isBehind } }

    /// A message was just stored. Returns whether to push it at once; else it is found in the store later.
    mutating func offer(id: Int64, priority: Priority, bytes size: Int, now: Int64) -> Bool {
        let rank = priority.rank
        guard id > lanes[rank].handedOut else { return false }
        if isLoading { lanes[rank].cameDuringLoad = true }
        guard hasRoom(for: size), !lanes[...rank].contains(where: { $0.isBehind }) else {
            lanes[rank].isBehind = true
            return false
        }
        handOut(id: id, rank: rank, bytes: size, now: now)
        return true
    }

    /// What to read from the store, if there is room and something waits. Until `loaded` is called no other load is given.
    mutating func nextLoad() -> Load? {
        guard !isLoading, !isFull, count < Self.maxInFlight, bytes < Self.maxBytes,
            let rank = lanes.firstIndex(where: { $0.isBehind }), let priority = Priority(rank: rank)
        else { return nil }
        isLoading = true
        lanes[rank].cameDuringLoad = false
        return Load(
            priority: priority, after: lanes[rank].handedOut, limit: Self.maxInFlight - count,
            maxBytes: Self.maxBytes - bytes)
    }

    /// The store's answer. Returns the messages to push, expired ones too: their recipient tells their sender. Those that were emptied
    /// with their recipient's revocation count as finished.
    mutating func loaded(_ messages: [StoredMessage], for load: Load, now: Int64) -> [StoredMessage] {
        isLoading = false
        let rank = load.priority.rank
        defer { isLoadVoid = false }
        // Leases ran out meanwhile and the lane starts over: this answer would leave a hole.
        guard !isLoadVoid, lanes[rank].handedOut == load.after else { return [] }
        var pushed: [StoredMessage] = []
        for message in messages {
            let id = message.push.brokerMessageID
            guard !message.body.isEmpty else {
                lanes[rank].handedOut = id
                continue
            }
            // Fresh messages of a higher priority may have taken the room meanwhile.
            guard hasRoom(for: message.body.count) else {
                isFull = true
                break
            }
            handOut(id: id, rank: rank, bytes: message.body.count, now: now)
            pushed.append(message)
        }
        if messages.isEmpty && !lanes[rank].cameDuringLoad { lanes[rank].isBehind = false }
        return pushed
    }

    /// The store could not be read: try again when asked.
    mutating func loadFailed() { (isLoading, isLoadVoid) = (false, false) }

    /// The member finished these deliveries. Ids that are not in flight are ignored. Returns whether a position may have moved.
    mutating func acknowledge(_ ids: some Sequence<Int64>) -> Bool {
        var moved = false
        for id in ids {
            for rank in lanes.indices {
                guard let entry = lanes[rank].inFlight.removeValue(forKey: id) else { continue }
                count -= 1
                bytes -= entry.bytes
                isFull = false
                moved = true
                dropAcknowledged(rank)
                break
            }
        }
        return moved
    }

    /// Messages whose lease ran out start over from the oldest, so that order holds. Returns how many there were, with those that they take along.
    mutating func expireLeases(now: Int64) -> Int {
        var expired = 0
        for rank in lanes.indices where lanes[rank].inFlight.values.contains(where: { $0.leasedUntil <= now }) {
            expired += lanes[rank].inFlight.count
            startOver(rank, behind: lanes[rank].position)
        }
        return expired
    }

    /// There is more to find behind `position` than there was: it is handed out, and again what was handed out beyond, acknowledged or not.
    mutating func rewind(to position: Int64) {
        isLoadVoid = isLoading
        for rank in lanes.indices {
            if lanes[rank].handedOut > position { startOver(rank, behind: min(position, lanes[rank].position)) }
            lanes[rank].isBehind = true
        }
    }

    private mutating func startOver(_ rank: Int, behind position: Int64) {
        isFull = false
        for entry in lanes[rank].inFlight.values {
            count -= 1
            bytes -= entry.bytes
        }
        lanes[rank] = Lane(handedOut: position)
    }

    private func hasRoom(for size: Int) -> Bool {
        count < Self.maxInFlight && (bytes + size <= Self.maxBytes || count == 0)
    }

    private mutating func handOut(id: Int64, rank: Int, bytes size: Int, now: Int64) {
        lanes[rank].handedOut = id
        lanes[rank].order.append(id)
        lanes[rank].inFlight[id] = InFlight(bytes: size, leasedUntil: now + Self.lease)
        count += 1
        bytes += size
    }

    private mutating func dropAcknowledged(_ rank: Int) {
        while let first = lanes[rank].order.first, lanes[rank].inFlight[first] == nil {
            lanes[rank].order.removeFirst()
        }
    }
}
