import KinWire

/// All that a relay keeps: registrations, links, pairing rooms and answers under way, in one bound of memory. A value; the caller guards it.
///
/// Times are milliseconds of a clock that never runs backwards. A connection's number is never used twice. It holds no bytes of a link: what two
/// connections may have under way is reserved for them as long as they are there.
public struct RelayState: Sendable {
    /// What became of a connection on `/link` or `/pair`.
    public enum Opening: Hashable, Sendable {
        /// It waits for its device, which is to be told on its control connection.
        case attach(control: UInt64, LinkSession)
        /// It waits for the other party.
        case waiting
        /// It and this connection are one link.
        case met(UInt64)
        case refused(LinkClose)
    }

    public let limits: RelayLimits
    public private(set) var registry: RelayRegistry
    private var links: LinkTable
    private var rooms: RoomTable
    private var answers: AnswerTable

    public init(limits: RelayLimits = RelayLimits()) {
        self.limits = limits
        registry = RelayRegistry(limits: limits)
        links = LinkTable(limits: limits)
        rooms = RoomTable(limits: limits)
        answers = AnswerTable(limits: limits)
    }

    // MARK: Registrations

    /// - Parameter address: textual, where the connection comes from.
    public mutating func connect(
        _ request: RegistrationRequest, connection: UInt64, from address: String, now: Int64
    ) -> ConnectOutcome {
        registry.connect(request, connection: connection, from: address, now: now)
    }

    /// A control connection has this much of a message that is not finished.
    /// - Returns: false where there is no room for it: close the connection.
    public mutating func hold(_ bytes: Int, of connection: UInt64) -> Bool { registry.hold(bytes, of: connection) }

    public mutating func publish(_ blob: [UInt8], from connection: UInt64, now: Int64) -> PublishOutcome {
        registry.publish(blob, from: connection, now: now)
    }

    /// A control connection is gone.
    /// - Returns: whether it held its slot until now, and the connections that waited for its device: to be closed `device_offline`.
    public mutating func disconnect(_ connection: UInt64, now: Int64) -> (heldSlot: Bool, waiting: [UInt64]) {
        (registry.disconnect(connection, now: now), abandon(control: connection))
    }

    /// Nobody will answer what this control connection was told: it was replaced.
    public mutating func abandon(control: UInt64) -> [UInt64] {
        let waiting = links.abandon(control: control)
        reserve()
        return waiting
    }

    /// What the devices of a route id show, and the version of that: the same number only as long as nothing changed.
    /// - Parameter known: the version that the reader has.
    /// - Returns: no entries where the reader has them.
    public mutating func reading(
        of route: String, unless known: (UInt64) -> Bool = { _ in false }, now: Int64
    ) -> (version: UInt64, entries: [RegistryEntry]?) {
        registry.sweep(now: now)
        let version = registry.version(of: route)
        return (version, known(version) ? nil : registry.shown(of: route))
    }

    // MARK: Links and rooms

    public var figures: RelayFigures {
        RelayFigures(
            registrations: registry.liveRegistrations, shownRecords: registry.shownRecords,
            links: links.spliced, pendingLinks: links.pending, rooms: rooms.met, waitingRooms: rooms.waiting,
            bytes: registry.bytesTaken)
    }

    /// Why no further connection for a room is taken now.
    private var memoryRefusal: ConnectOutcome? { hasRoom(for: limits.splicedBytes) ? nil : .memoryFull }

    /// Why nobody there gets a further link now: to be answered before there is a connection.
    /// - Parameter address: textual.
    public func linkRefusal(from address: String) -> ConnectOutcome? {
        links.isFull(NetworkAddress(address)) ? .tooManyLinks(limits.linksPerAddress) : memoryRefusal
    }

    /// Why the room cannot be entered now, for causes that are answered before there is a connection.
    public func refusal(of room: RoomID, from address: String) -> ConnectOutcome? {
        switch rooms.refusal(of: room, from: NetworkAddress(address)) {
        case .tooMany: .roomsFull
        case .tooManyOfAddress: .tooManyRooms(limits.roomsPerAddress)
        case .roomTaken, nil: memoryRefusal
        }
    }

    /// - Parameters:
    ///   - address: textual, where the connection comes from.
    ///   - session: for the device to answer by; unpredictable.
    public mutating func begin(
        _ request: LinkRequest, connection: UInt64, from address: String, session: LinkSession, now: Int64
    ) -> Opening {
        defer { reserve() }
        switch request {
        case .fromDevice(let answered):
            return links.answer(answered, from: connection).map { .met($0) } ?? .refused(.sessionGone)
        case .toDevice(let slot):
            guard let control = registry.connection(of: slot) else { return .refused(.deviceOffline) }
            guard hasRoom(for: limits.splicedBytes) else { return .refused(.relayFull) }
            let isBegun = links.begin(
                session, to: slot, control: control, from: connection, at: NetworkAddress(address), now: now)
            return isBegun ? .attach(control: control, session) : .refused(.tooManyLinks)
        }
    }

    /// - Parameter address: textual, of whoever enters.
    public mutating func enter(_ room: RoomID, connection: UInt64, from address: String, now: Int64) -> Opening {
        defer { reserve() }
        guard hasRoom(for: limits.splicedBytes) else { return .refused(.relayFull) }
        switch rooms.enter(room, connection, from: NetworkAddress(address), now: now) {
        case .waiting: return .waiting
        case .met(let first): return .met(first)
        case .refused(let refusal): return .refused(refusal == .roomTaken ? .roomTaken : .relayFull)
        }
    }

    /// A connection of a link or a room has ended.
    /// - Returns: the other end, which is to end too.
    public mutating func end(_ connection: UInt64) -> UInt64? {
        defer { reserve() }
        return links.end(connection) ?? rooms.leave(connection)
    }

    /// Drops what is over.
    /// - Returns: the connections to be closed, each with why.
    public mutating func sweep(now: Int64) -> [(connection: UInt64, why: LinkClose)] {
        registry.sweep(now: now)
        defer { reserve() }
        return links.overdue(now: now).map { ($0, .deviceSilent) } + rooms.expired(now: now).map { ($0, .roomExpired) }
    }

    // MARK: Answers

    /// An answer of this many bytes is to be written.
    /// - Parameter address: textual, of who reads it.
    /// - Returns: false where there is no room for it.
    public mutating func beginAnswer(_ bytes: Int, to address: String) -> Bool {
        defer { reserve() }
        return registry.hasRoom(for: bytes) && answers.begin(bytes, to: NetworkAddress(address))
    }

    /// It was taken, or its reader is gone.
    public mutating func endAnswer(_ bytes: Int, to address: String) {
        answers.end(bytes, to: NetworkAddress(address))
        reserve()
    }

    // MARK: Memory

    /// Links and rooms get three quarters at most, so that they cannot keep devices from registering.
    private func hasRoom(for bytes: Int) -> Bool {
        splicedBytes + bytes <= limits.memoryBytes / 4 * 3 && registry.hasRoom(for: bytes)
    }

    /// What is reserved for links and rooms.
    private var splicedBytes: Int {
        let pairs = links.spliced + links.pending + rooms.met
        return pairs * limits.splicedBytes + rooms.waiting * limits.waitingBytes
    }

    private mutating func reserve() { registry.bytesReserved = splicedBytes + answers.bytes }
}
