import KinWire

/// Links that wait for their device, and links of two connections. A value; the caller guards it.
///
/// Times are milliseconds of a clock that never runs backwards. A connection's number is never used twice.
struct LinkTable: Sendable {
    private struct Waiting: Sendable {
        var initiator: UInt64
        var control: UInt64
        var place: Place
        var since: Int64
    }

    private struct Side: Sendable {
        var peer: UInt64
        var place: Place
    }

    /// For what a link counts.
    private struct Place: Sendable {
        var slot: SlotKey
        /// Of who asked for it.
        var address: NetworkAddress
    }

    private let limits: RelayLimits
    /// The one that has waited longest is the oldest.
    private var waiting = RecencyTable<LinkSession, Waiting>()
    private var sessions: [UInt64: LinkSession] = [:]
    private var sessionsOfControl: [UInt64: Set<LinkSession>] = [:]
    private var sides: [UInt64: Side] = [:]
    private var linksOfSlot: [SlotKey: Int] = [:]
    private var linksOfAddress: [NetworkAddress: Int] = [:]

    init(limits: RelayLimits) { self.limits = limits }

    /// Links of two connections.
    var spliced: Int { sides.count / 2 }
    /// Links that wait for their device.
    var pending: Int { waiting.count }

    /// Whether an address has as many links as it may.
    func isFull(_ address: NetworkAddress) -> Bool {
        address != .loopback && linksOfAddress[address, default: 0] >= limits.linksPerAddress
    }

    /// Lets a connection wait until the device answers `session`.
    /// - Parameters:
    ///   - control: the device's control connection.
    ///   - address: of the initiator.
    /// - Returns: false where the device or the address has as many links as it may.
    mutating func begin(
        _ session: LinkSession, to slot: SlotKey, control: UInt64, from initiator: UInt64, at address: NetworkAddress,
        now: Int64
    ) -> Bool {
        guard linksOfSlot[slot, default: 0] < limits.linksPerDevice, !isFull(address) else { return false }
        linksOfSlot[slot, default: 0] += 1
        linksOfAddress[address, default: 0] += 1
        let place = Place(slot: slot, address: address)
        waiting[session] = Waiting(initiator: initiator, control: control, place: place, since: now)
        sessions[initiator] = session
        sessionsOfControl[control, default: []].insert(session)
        return true
    }

    /// The device's connection for a session, which nobody can use again.
    /// - Returns: the connection that waited for it; nil where none does.
    mutating func answer(_ session: LinkSession, from device: UInt64) -> UInt64? {
        guard let link = take(session) else { return nil }
        sides[device] = Side(peer: link.initiator, place: link.place)
        sides[link.initiator] = Side(peer: device, place: link.place)
        return link.initiator
    }

    /// A connection has ended.
    /// - Returns: the other end of its link, which is to end too.
    mutating func end(_ connection: UInt64) -> UInt64? {
        if let session = sessions[connection], let link = take(session) { release(link.place) }
        guard let side = sides.removeValue(forKey: connection) else { return nil }
        sides[side.peer] = nil
        release(side.place)
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
            release(link.place)
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

    private mutating func release(_ place: Place) {
        let ofSlot = linksOfSlot[place.slot, default: 1] - 1
        linksOfSlot[place.slot] = ofSlot > 0 ? ofSlot : nil
        let ofAddress = linksOfAddress[place.address, default: 1] - 1
        linksOfAddress[place.address] = ofAddress > 0 ? ofAddress : nil
    }
}
