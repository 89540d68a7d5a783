import KinEncoding
public import KinIdentity
public import KinSession
public import KinWire

/// The devices of the family by name, merged from relays and a local cache. A value; the caller guards it.
public struct Directory: Sendable {
    /// One device as it was last seen.
    public struct Device: Sendable {
        public var opened: OpenedRecord
        /// The sealed record: what the cache keeps.
        public var blob: [UInt8]
        /// Milliseconds.
        public var lastSeen: Int64
        /// Servers that list it now.
        public var servers: Set<ServerAddress>
        /// The newest `ts` that each server showed: a device registers at each in its own second, and what is older than that server's own is a replay.
        var newest: [ServerAddress: Int64]

        public var isOnline: Bool { !servers.isEmpty }

        /// Whether its records follow one another by their `ts`: between certificates the certificates decide.
        func isOfBearer(of other: OpenedRecord) -> Bool {
            opened.member?.chain.certificate == other.member?.chain.certificate
        }

        func newest(of other: OpenedRecord, at server: ServerAddress) -> Int64? {
            isOfBearer(of: other) ? newest[server] : nil
        }
    }

    private let sealer: RecordSealer
    private let revocations: RevocationLedger
    private let me: MachineID
    private let chain: Chain
    /// Devices certified before this one are no news to it.
    private let enrolledAt: Int64
    /// Members of the mesh before the wallet changed: no news either.
    private let former: Set<ULID>
    private var devices: [MachineID: Device] = [:]
    private var names = DeviceNames()
    /// What this device calls others; that wins over their names.
    public var aliases: Aliases { didSet { nameAll() } }
    /// Under which machine id a member is there.
    private var places: [ULID: MachineID] = [:]
    /// The `ts` of the last record of those that were forgotten: relays may show it for a while.
    private var forgotten: [MachineID: Int64] = [:]
    /// How many records were not believed, by why.
    public private(set) var dropped: [RecordFault: Int] = [:]

    public init(installation: Installation, aliases: Aliases = Aliases()) {
        self.aliases = aliases
        revocations = installation.revocations
        sealer = RecordSealer(
            wallet: installation.wallet, mesh: installation.mesh, revocations: installation.revocations)
        me = installation.machineID
        chain = installation.chain
        enrolledAt = installation.chain.certificate.issuedAt
        former = Set(installation.formerNames.keys)
    }

    /// Takes cached records in; nothing is online by them.
    public mutating func restore(_ cache: [CachedDevice], now: Int64) {
        for cached in cache {
            let entry = RegistryEntry(machineID: cached.machineID, blob: cached.blob)
            guard let opened = try? sealer.open(entry, now: now), mayStand(opened, besides: nil) else { continue }
            place(
                Device(
                    opened: opened, blob: cached.blob, lastSeen: cached.lastSeen, servers: [], newest: cached.newest))
        }
        nameAll()
    }

    /// Takes in what `server` lists now.
    /// - Parameter told: the chain known of a member by others than relays.
    /// - Returns: devices never seen here that joined after this one, and whether the cache should be written.
    public mutating func merge(
        _ entries: [RegistryEntry], from server: ServerAddress, now: Int64, told: (ULID) -> Chain? = { _ in nil }
    ) -> (new: [MachineID], changed: Bool) {
        for id in devices.keys { devices[id]?.servers.remove(server) }
        var new: [MachineID] = []
        var changed = dropEnded(now: now)
        for entry in entries {
            let known = devices[entry.machineID]
            let opened: OpenedRecord
            do throws(RecordFault) { opened = try open(entry, from: server, now: now, told: told) } catch {
                dropped[error, default: 0] += 1
                continue
            }
            if let last = forgotten[entry.machineID], opened.record.ts <= last { continue }
            forgotten[entry.machineID] = nil
            let former = known.flatMap { $0.isOfBearer(of: opened) ? $0 : nil }
            if known == nil && isNews(opened) { new.append(entry.machineID) }
            let isNewest = opened.record.ts >= former?.opened.record.ts ?? 0
            changed =
                changed || (isNewest && known?.blob != entry.blob) || former?.newest[server] != opened.record.ts
            let kept = isNewest ? nil : former
            var newest = former?.newest ?? [:]
            newest[server] = opened.record.ts
            place(
                Device(
                    opened: kept?.opened ?? opened, blob: kept?.blob ?? entry.blob, lastSeen: now,
                    servers: (former?.servers ?? []).union([server]), newest: newest))
        }
        nameAll()
        return (new, changed)
    }

    /// A member is in one place alone.
    private mutating func place(_ device: Device) {
        let machine = device.opened.machineID
        if let member = device.opened.member?.member {
            if let former = places[member], former != machine, devices[former]?.opened.member?.member == member {
                devices[former] = nil
            }
            places[member] = machine
        }
        devices[machine] = device
    }

    /// `server` lists what it listed when it was merged last.
    /// - Returns: whether the cache should be written.
    public mutating func confirm(_ server: ServerAddress, now: Int64) -> Bool {
        for (id, device) in devices where device.servers.contains(server) { devices[id]?.lastSeen = now }
        guard dropEnded(now: now) else { return false }
        nameAll()
        return true
    }

    private mutating func nameAll() { names = DeviceNames(devices, aliases: aliases) }

    /// Whose certificate has ended is no device of the family any more.
    private mutating func dropEnded(now: Int64) -> Bool {
        let there = devices.filter { $0.value.opened.member?.hasEnded(by: now) != true }
        defer { devices = there }
        return there.count < devices.count
    }

    /// Lists a device no more, until it shows a record that is newer than the one that is listed.
    public mutating func forget(_ id: MachineID) {
        forgotten[id] = devices.removeValue(forKey: id)?.opened.record.ts
        nameAll()
    }

    /// Forgets devices that were revoked.
    public mutating func dropRevoked() {
        let log = revocations.current
        for (id, device) in devices {
            if let member = device.opened.member, !log.entries(revoking: member.chain).isEmpty { devices[id] = nil }
        }
        nameAll()
    }

    /// Members whose records state another revocation log than this device's.
    public func membersOfOtherMind() -> [(member: VerifiedMember, head: RevocationHead)] {
        devices.values.compactMap { device in
            guard let member = device.opened.member, let head = device.opened.record.certified?.revocationHead,
                head != revocations.head, device.isOnline, device.opened.machineID != me
            else { return nil }
            return (member, head)
        }
    }

    /// Whether a record may stand beside what is known: whoever seals records of its own could else take a device's name, its place, or its
    /// member id. The wallet's word alone makes another member of a machine, and other keys a member's.
    private func mayStand(_ opened: OpenedRecord, besides told: Chain?) -> Bool {
        let there = devices[opened.machineID]?.opened.member
        guard let member = opened.member else { return there == nil }
        if let there, there.member != member.member {
            guard member.chain.certificate.prevails(over: there.chain.certificate) else { return false }
        }
        let own = member.member == chain.member ? chain : nil
        return [own, told, holder(of: member.member)?.chain].allSatisfy(member.chain.mayReplace)
    }

    private func holder(of member: ULID) -> VerifiedMember? {
        places[member].flatMap { devices[$0]?.opened.member }.flatMap { $0.member == member ? $0 : nil }
    }

    /// A server cannot be asked: nothing is known of who is there.
    public mutating func lost(_ server: ServerAddress) {
        for id in devices.keys { devices[id]?.servers.remove(server) }
    }

    private func open(
        _ entry: RegistryEntry, from server: ServerAddress, now: Int64, told: (ULID) -> Chain?
    ) throws(RecordFault) -> OpenedRecord {
        let known = devices[entry.machineID]
        let opened = if let known, known.blob == entry.blob { known.opened } else { try sealer.open(entry, now: now) }
        guard opened.record.ts >= known?.newest(of: opened, at: server) ?? 0 else { throw .older }
        guard mayStand(opened, besides: opened.member.flatMap { told($0.member) }) else { throw .slotTaken }
        return opened
    }

    private func isNews(_ opened: OpenedRecord) -> Bool {
        guard opened.machineID != me, let member = opened.member, !former.contains(member.member) else { return false }
        return member.chain.certificate.issuedAt >= enrolledAt
    }

    // MARK: Reading

    /// Where a device shows itself now.
    public func servers(of machine: MachineID) -> Set<ServerAddress> { devices[machine]?.servers ?? [] }

    /// What to keep on disk.
    public var cache: [CachedDevice] {
        devices.map { CachedDevice(machineID: $0, blob: $1.blob, lastSeen: $1.lastSeen, newest: $1.newest) }
            .sorted { $0.machineID.description < $1.machineID.description }
    }

    /// Whether no device was ever seen.
    public var isEmpty: Bool { devices.isEmpty }

    public func device(_ id: MachineID) -> Device? { devices[id] }

    public func device(member: ULID) -> Device? { names.machine(of: member).flatMap { devices[$0] } }

    /// Every device with the name it has here: equal names carry the first four digits of the machine id, the same on every device.
    public func named() -> [(name: String, device: Device)] {
        names.sorted.compactMap { name, id in devices[id].map { (name, $0) } }
    }

    /// Whether a device that is listed is called so, calls itself so, or any has that for an alias.
    public func isTaken(_ name: String) -> Bool {
        aliases.member(called: name) != nil || !names.devices(called: name).isEmpty
    }

    /// The name of a member here, else its id.
    public func name(of member: ULID) -> String { names.name(of: member) ?? member.description }

    /// The member that `text` (an alias, a name or a member id) means.
    /// - Throws: `unknown_recipient` or `ambiguous_recipient`, listing the candidates; `uncertified_recipient`.
    public func resolve(_ text: String) throws -> VerifiedMember {
        guard let member = try device(called: text).opened.member else {
            throw KinError(
                "uncertified_recipient", "\(text) carries no certificate, so nothing can be sealed to it",
                category: .refused)
        }
        return member
    }

    /// The device that `text` (an alias, a name, a member id or a machine id) means.
    /// - Throws: as `resolve`, but for the certificate.
    public func find(_ text: String) throws -> Device {
        do { return try device(called: text) } catch {
            guard let device = MachineID(text).flatMap({ devices[$0] }) else { throw error }
            return device
        }
    }

    private func device(called text: String) throws -> Device {
        let hits =
            aliases.member(called: text).map { names.devices(called: $0.description) } ?? names.devices(called: text)
        let candidates = (hits.isEmpty ? names.sorted : hits).map(\.name)
        let detail: [String: JSON] = ["candidates": .array(candidates.map { .string($0) })]
        guard let hit = hits.first, let device = devices[hit.id] else {
            throw KinError(
                "unknown_recipient",
                "no device is called \(text.isEmpty ? "nothing" : "\(text.prefix(128))"); \(Self.choice(candidates))",
                category: .notFound, detail: detail)
        }
        guard hits.count == 1 else {
            throw KinError(
                "ambiguous_recipient",
                "\(text) is the name of several devices: say which, \(Self.choice(candidates))",
                category: .usage, detail: detail)
        }
        return device
    }

    private static func choice(_ names: [String]) -> String {
        names.isEmpty ? "no other device was seen yet" : "known are " + names.joined(separator: ", ")
    }
}
