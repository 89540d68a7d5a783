import KinWire

/// Who is connected, and the sealed blob each shows: all that the relay knows, in bounded memory.
///
/// Times are milliseconds of a clock that never runs backwards. The caller holds the lock. Slots whose grace is over go at
/// the next call of any method.
public struct RelayRegistry: Sendable {
    private let limits: RelayLimits
    private var routes: [String: Route] = [:]
    private var connections: [UInt64: SlotKey] = [:]
    /// Slots in their grace: when each was left, the longest gone first.
    private var departed = RecencyTable<SlotKey, Int64>()
    /// Secrets of slots that are gone, so that nobody can squat one right after a short loss.
    private var remembered = RecencyTable<SlotKey, RegistrationSecret>()
    /// Bytes of slots and blobs, as `RelayLimits.memoryBytes` counts them.
    public private(set) var bytesHeld = 0
    /// Of the same memory, what unfinished messages take: of all, and of each connection.
    public private(set) var bytesUnfinished = 0
    private var unfinished: [UInt64: Int] = [:]
    /// Of the same memory, what links, rooms and answers have.
    var bytesReserved = 0
    private var lastVersion: UInt64 = 0

    public init(limits: RelayLimits = RelayLimits()) { self.limits = limits }

    /// Devices connected now.
    public var liveRegistrations: Int { connections.count }

    /// Sealed records that are shown, of devices in their grace too.
    public var shownRecords: Int { routes.values.reduce(0) { $0 + $1.slots.values.count { $0.blob != nil } } }

    /// Takes a slot for a connection, from an older connection with the same secret if need be. A blob shown before stays
    /// until the next one.
    /// - Parameters:
    ///   - connection: the caller's number of it, never used twice.
    ///   - address: textual, where it comes from.
    public mutating func connect(
        _ request: RegistrationRequest, connection: UInt64, from address: String, now: Int64
    ) -> ConnectOutcome {
        disconnect(connection, now: now)
        let key = request.slot
        let address = NetworkAddress(address)
        let held = routes[key.route]?.slots[key.machine]
        if let secret = held?.secret ?? remembered[key], !secret.matches(request.secret) { return .slotHeld }
        if held == nil, let refusal = refusal(of: key, from: address) { return refusal }
        var slot = held ?? Slot(secret: request.secret, address: address)
        let replaced = slot.connection
        let isFlapping = replaced != nil && slot.flapping.replaced(now: now, limits: limits)
        if let replaced { connections[replaced] = nil }
        slot.connection = connection
        slot.address = address
        connections[connection] = key
        departed[key] = nil
        remembered[key] = nil
        routes[key.route, default: Route(version: lastVersion)].slots[key.machine] = slot
        if held == nil { bytesHeld += slot.bytesHeld }
        return .accepted(replaced: replaced, isFlapping: isFlapping)
    }

    /// Shows a blob in the connection's slot instead of the one before.
    public mutating func publish(_ blob: [UInt8], from connection: UInt64, now: Int64) -> PublishOutcome {
        sweep(now: now)
        guard let key = connections[connection], let before = routes[key.route]?.slots[key.machine] else {
            return .unknownConnection
        }
        guard blob.count <= limits.blobBytes else { return .tooLarge }
        let growth = blob.count - (before.blob?.count ?? 0)
        guard growth <= 0 || hasRoom(for: growth) else { return .overMemory }
        routes[key.route]?.slots[key.machine]?.blob = blob
        bytesHeld += growth
        if blob != before.blob { changed(key.route) }
        return .published
    }

    /// The connection is gone: its slot enters its grace. Of a replaced connection nothing is left to end.
    /// - Returns: whether it held a slot.
    @discardableResult
    public mutating func disconnect(_ connection: UInt64, now: Int64) -> Bool {
        sweep(now: now)
        bytesUnfinished -= unfinished.removeValue(forKey: connection) ?? 0
        guard let key = connections.removeValue(forKey: connection) else { return false }
        routes[key.route]?.slots[key.machine]?.connection = nil
        departed[key] = now
        return true
    }

    /// A connection has this much of a message that is not finished.
    /// - Returns: false where there is no room for it: close the connection, which takes it away.
    public mutating func hold(_ bytes: Int, of connection: UInt64) -> Bool {
        let growth = bytes - (unfinished[connection] ?? 0)
        unfinished[connection] = bytes == 0 ? nil : bytes
        bytesUnfinished += growth
        guard growth > 0 else { return true }
        let isInShare = bytes <= limits.recordMessageBytes || bytesUnfinished <= limits.unfinishedBytes
        return isInShare && hasRoom(for: 0)
    }

    /// All of the memory that is taken, as `RelayLimits.memoryBytes` counts it.
    var bytesTaken: Int { bytesHeld + bytesUnfinished + bytesReserved }

    /// The connection that holds a slot now.
    func connection(of key: SlotKey) -> UInt64? { routes[key.route]?.slots[key.machine]?.connection }

    /// The version of what a route id shows; 0 where it shows nothing and has no slot.
    func version(of route: String) -> UInt64 { routes[route]?.version ?? 0 }

    /// What the devices of a route id show, in order of machine_id.
    public mutating func entries(of route: String, now: Int64) -> [RegistryEntry] {
        sweep(now: now)
        return shown(of: route)
    }

    /// The same, of whatever the last sweep left.
    func shown(of route: String) -> [RegistryEntry] {
        let slots = routes[route]?.slots ?? [:]
        return slots.compactMap { machine, slot in slot.blob.map { RegistryEntry(machineID: machine, blob: $0) } }
            .sorted { $0.machineID.description < $1.machineID.description }
    }

    /// Drops what outlived its grace, keeping its secret in mind.
    public mutating func sweep(now: Int64) {
        while let (key, since) = departed.oldest, now - since >= limits.graceMilliseconds {
            departed.removeOldest()
            guard let slot = routes[key.route]?.slots.removeValue(forKey: key.machine) else { continue }
            if slot.blob != nil { changed(key.route) }
            if routes[key.route]?.slots.isEmpty == true { routes[key.route] = nil }
            bytesHeld -= slot.bytesHeld
            remembered[key] = slot.secret
            if remembered.count > limits.knownSecrets { remembered.removeOldest() }
        }
    }

    /// Why a slot that nobody holds is not given away now. Who showed its secret before finds a place beyond what strangers can take.
    private func refusal(of key: SlotKey, from address: NetworkAddress) -> ConnectOutcome? {
        let slots = routes[key.route]?.slots ?? [:]
        let most = remembered[key] == nil ? limits.machinesPerRoute : 2 * limits.machinesPerRoute
        guard slots.count < most else { return .routeFull(limits.machinesPerRoute) }
        let isLimited = address != .loopback && slots.count >= limits.machinesPerRouteAndAddress
        guard !isLimited || slots.values.count(where: { $0.address == address }) < limits.machinesPerRouteAndAddress
        else { return .routeFullOfAddress(limits.machinesPerRouteAndAddress) }
        return hasRoom(for: Slot.bytes) ? nil : .memoryFull
    }

    private mutating func changed(_ route: String) {
        lastVersion += 1
        routes[route]?.version = lastVersion
    }

    func hasRoom(for bytes: Int) -> Bool { bytesTaken + bytes <= limits.memoryBytes }
}
