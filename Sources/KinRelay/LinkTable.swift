import KinWire

/// Links that wait for their device, and links of two connections. A value; the caller guards it.
///
/// Times are milliseconds of a clock that never runs backwards. A connection's number is never used twice.
struct LinkTable: Sendable {
    private struct Waiting: Sendable {
        var initiator: UInt64
        var control: UInt64
        var slot: SlotKey
        var since: Int64
    }

    private struct Side: Sendable {
        var peer: UInt64
        var slot: SlotKey
    }

    private let limits: RelayLimits
    /// The one that has waited longest is the oldest.
    private var waiting = RecencyTable<LinkSession, Waiting>()
    private var sessions: [UInt64: LinkSession] = [:]
    private var sessionsOfControl: [UInt64: Set<LinkSession>] = [:]
    private var sides: [UInt64: Side] = [:]
    private var linksOfSlot: [SlotKey: Int] = [:]

    init(limits: RelayLimits) { self.limits = limits }

    /// Links of two connections.
    var spliced: Int { sides.count / 2 }
    /// Links that wait for their device.
    var pending: Int { waiting.count }

    /// Lets a connection wait until the device answers `session`.
    /// - Parameter control: the device's control connection.
    /// - Returns: false where the device has as many links as it may.
    mutating func begin(
        _ session: LinkSession, to slot: SlotKey, control: UInt64, from initiator: UInt64, now: Int64
    ) -> Bool {
        guard linksOfSlot[slot, default: 0] < limits.linksPerDevice else { return false }
        linksOfSlot[slot, default: 0] += 1
        waiting[session] = Waiting(initiator: initiator, control: control, slot: slot, since: now)
        sessions[initiator] = session
        sessionsOfControl[control, default: []].insert(session)
        return true
    }

    /// The device's connection for a session, which nobody can use again.
    /// - Returns: the connection that waited for it; nil where none does.
    mutating func answer(_ session: LinkSession, from device: UInt64) -> UInt64? {
        guard let link = take(session) else { return nil }
        sides[device] = Side(peer: link.initiator, slot: link.slot)
        sides[link.initiator] = Side(peer: device, slot: link.slot)
        return link.initiator
    }

    /// A connection has ended.
    /// - Returns: the other end of its link, which is to end too.
    mutating func end(_ connection: UInt64) -> UInt64? {
        if let session = sessions[connection], let link = take(session) { release(link.slot) }
        guard let side = sides.removeValue(forKey: connection) else { return nil }
        sides[side.peer] = nil
        release(side.slot)
        return side.peer
    }

    /// A device's control connection is gone: nobody will answer what it was told.
    /// - Returns: the connections that waited for it.
    mutating func abandon(control: UInt64) -> [UInt64] { drop(sessionsOfControl[control] ?? []) }

    /// - Returns: the connections whose device did not answer in time.
    mutating func overdue(now: Int64) -> [UInt64] {
        var late: [UInt64] = []
        while let (session, link) = waiting.oldest, now - link.since >= limits.attachMilliseconds {
            late += drop([session])
        }
        return late
    }

    private mutating func drop(_ sessions: Set<LinkSession>) -> [UInt64] {
        sessions.compactMap { session in
            guard let link = take(session) else { return nil }
            release(link.slot)
            return link.initiator
        }
    }

    private mutating func take(_ session: LinkSession) -> Waiting? {
        guard let link = waiting[session] else { return nil }
        waiting[session] = nil
        sessions[link.initiator] = nil
        sessionsOfControl[link.control]?.remove(session)
        if sessionsOfControl[link.control]?.isEmpty == true { sessionsOfControl[link.control] = nil }
        return link
    }

    private mutating func release(_ slot: SlotKey) {
        let count = linksOfSlot[slot, default: 1] - 1
        linksOfSlot[slot] = count > 0 ? count : nil
    }
}
