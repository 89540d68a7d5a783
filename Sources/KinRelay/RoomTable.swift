import KinWire

/// Pairing rooms: two connections each, for some minutes. A value; the caller guards it.
///
/// Times are milliseconds of a clock that never runs backwards. A connection's number is never used twice.
struct RoomTable: Sendable {
    private struct Room: Sendable {
        var first: UInt64
        var second: UInt64?
        var opener: NetworkAddress
        var since: Int64
    }

    enum Entry: Hashable {
        /// The first one here.
        case waiting
        /// The second: the other one's connection.
        case met(UInt64)
        case refused(Refusal)
    }

    enum Refusal: Hashable {
        case roomTaken
        /// Of all together.
        case tooMany
        /// Of those that one address opened.
        case tooManyOfAddress
    }

    private let limits: RelayLimits
    /// The one that was opened first is the oldest.
    private var rooms = RecencyTable<RoomID, Room>()
    private var places: [UInt64: RoomID] = [:]
    private var roomsOfAddress: [NetworkAddress: Int] = [:]

    init(limits: RelayLimits) { self.limits = limits }

    /// Rooms of two.
    var met: Int { places.count - rooms.count }
    /// Rooms where one waits.
    var waiting: Int { 2 * rooms.count - places.count }

    /// Why `enter` would not let somebody in now, where it would not.
    func refusal(of id: RoomID, from address: NetworkAddress) -> Refusal? {
        if let room = rooms[id] { return room.second == nil ? nil : .roomTaken }
        guard rooms.count < limits.rooms else { return .tooMany }
        let isLimited = address != .loopback && roomsOfAddress[address, default: 0] >= limits.roomsPerAddress
        return isLimited ? .tooManyOfAddress : nil
    }

    mutating func enter(_ id: RoomID, _ connection: UInt64, from address: NetworkAddress, now: Int64) -> Entry {
        if let refusal = refusal(of: id, from: address) { return .refused(refusal) }
        places[connection] = id
        guard let first = rooms[id]?.first else {
            rooms[id] = Room(first: connection, second: nil, opener: address, since: now)
            roomsOfAddress[address, default: 0] += 1
            return .waiting
        }
        rooms.update(id) { $0.second = connection }
        return .met(first)
    }

    /// A connection has ended, and its room with it.
    /// - Returns: the other one, which is to end too.
    mutating func leave(_ connection: UInt64) -> UInt64? {
        guard let id = places[connection], let room = close(id) else { return nil }
        return room.first == connection ? room.second : room.first
    }

    /// - Returns: the connections in rooms whose time is over.
    mutating func expired(now: Int64) -> [UInt64] {
        var inside: [UInt64] = []
        while let (id, room) = rooms.oldest, now - room.since >= limits.roomMilliseconds {
            _ = close(id)
            inside += [room.first] + (room.second.map { [$0] } ?? [])
        }
        return inside
    }

    private mutating func close(_ id: RoomID) -> Room? {
        guard let room = rooms[id] else { return nil }
        rooms[id] = nil
        places[room.first] = nil
        if let second = room.second { places[second] = nil }
        let count = roomsOfAddress[room.opener, default: 1] - 1
        roomsOfAddress[room.opener] = count > 0 ? count : nil
        return room
    }
}
