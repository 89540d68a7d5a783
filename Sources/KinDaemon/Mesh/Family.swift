import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Synchronization

/// What members call themselves, for those whose records cannot be read.
protocol MemberNames: AnyObject, Sendable {
    func name(of member: ULID) -> DeviceName?
    func profile(of member: ULID) -> Profile?
    func members(called name: String) -> [ULID]
}

/// Everybody this device knows: registry records by name, and the broker's members.
final class Family: Sendable {
    let roster: Roster
    let me: Installation
    private let directory: Mutex<Directory>
    private let said = Mutex<(any MemberNames)?>(nil)
    private let presence = Mutex<(@Sendable (ULID) -> DeviceInfo.State)?>(nil)

    init(_ installation: Installation, directory: Directory) {
        me = installation
        roster = Roster(mesh: installation.mesh, revocations: installation.revocations)
        self.directory = Mutex(directory)
    }

    /// Names besides those of records.
    func know(_ names: any MemberNames) { said.withLock { $0 = names } }

    /// - Parameter state: where every list has it from who is there.
    func know(presence state: @escaping @Sendable (ULID) -> DeviceInfo.State) { presence.withLock { $0 = state } }

    /// Whether a member is there: this device is; of the others the broker says so.
    func state(of member: ULID) -> DeviceInfo.State {
        member == me.chain.member ? .online : presence.withLock { $0 }?(member) ?? .unknown
    }

    /// What a member says of itself.
    func profile(of member: ULID) -> Profile? { said.withLock { $0 }?.profile(of: member) }

    private func saidName(of member: ULID) -> String? { said.withLock { $0 }?.name(of: member)?.description }

    /// Takes in what the broker tells of a member. What is known by its record counts as well, and of this device what it is.
    @discardableResult
    func add(_ chain: Chain, online: Bool, now: Int64) -> Roster.Outcome {
        let published = directory.withLock { $0.device(member: chain.member)?.opened.member?.chain }
        let other = chain.member == me.chain.member ? me.chain : published
        return roster.add(chain, besides: other, online: online, now: now)
    }

    /// Takes in what a relay lists now.
    /// - Returns: as `Directory.merge`.
    func merge(
        _ entries: [RegistryEntry], from server: ServerAddress, now: Int64
    ) -> (new: [MachineID], changed: Bool) {
        directory.withLock { directory in
            directory.merge(entries, from: server, now: now) { (roster.member($0) ?? roster.ended($0))?.chain }
        }
    }

    /// The chain to seal with: of those known the one that holds.
    func member(_ id: ULID) -> VerifiedMember? {
        // Of two rotations of one key neither is believed, whoever shows one of them.
        guard !roster.forked.contains(id) else { return nil }
        let told = roster.member(id)
        let published = directory.withLock { $0.device(member: id)?.opened.member }
        guard let told, let published else { return told ?? published }
        return published.chain.mayReplace(told.chain) ? published : told
    }

    /// What another chain of that member has to stand up to.
    func known(_ id: ULID) -> Chain? { sender(id)?.chain ?? (id == me.chain.member ? me.chain : nil) }

    /// The chain to open with: of a member, or of one that was.
    func sender(_ id: ULID) -> VerifiedMember? { member(id) ?? roster.ended(id) }

    /// What this device calls it, a name of the directory, or the id of any member: machines without the phrase can read no names.
    func resolve(_ text: String) throws -> VerifiedMember {
        if let called = withDirectory({ $0.aliases.member(called: text) }) {
            // Whoever takes that name is not meant.
            guard let member = member(called) else { throw absent(text, called) }
            return member
        }
        do {
            if let told = ULID(text).flatMap({ roster.member($0) }) { return member(told.member) ?? told }
            let published = try directory.withLock { try $0.resolve(text) }
            return member(published.member) ?? published
        } catch let error as KinError where error.code == "unknown_recipient" {
            // Who has not followed to the new wallet yet publishes nothing there.
            let former = me.formerNames.filter { $0.value == text || $0.key.description == text }.map(\.key)
            let said = (said.withLock { $0 }?.members(called: text) ?? []).filter { roster.member($0) != nil }
            let found = former.isEmpty ? said : former
            guard found.count < 2 else { throw Self.ambiguous(text, found) }
            guard let id = found.first, let member = member(id) else {
                throw me.wallet.recordKey == nil ? Self.namesUnreadable(text) : error
            }
            return member
        }
    }

    static func ambiguous(_ name: String, _ members: [ULID]) -> KinError {
        let ids = members.map(\.description).sorted()
        return KinError(
            "ambiguous_recipient",
            "\(name) is the name of several devices: say which by its member id, \(ids.joined(separator: " or "))",
            category: .usage, detail: ["candidates": .strings(ids)])
    }

    private static func namesUnreadable(_ name: String) -> KinError {
        KinError(
            "unknown_recipient",
            "no member has the id \(name), and names are sealed: a machine that joined without the recovery phrase addresses others by their member id, which  kin peers  lists",
            category: .notFound)
    }

    /// What this device calls a member, whatever that calls itself.
    func alias(of member: ULID) -> DeviceName? { withDirectory { $0.aliases.name(of: member) } }

    /// What a member is called here. Nobody else is called so, but where two of whom no records are read say the same of themselves.
    func name(of member: ULID) -> String {
        let here = withDirectory { directory in
            directory.aliases.name(of: member)?.description
                ?? directory.device(member: member).map { _ in directory.name(of: member) }
        }
        if let here { return here }
        guard let said = unpublishedName(of: member), !withDirectory({ $0.isTaken(said) }) else {
            return member.description
        }
        return said
    }

    /// What a member calls itself, by its newest word; nil where that is not known.
    func ownName(of member: ULID) -> String? {
        let record = withDirectory { $0.device(member: member)?.opened.record }
        guard let record else { return unpublishedName(of: member) }
        guard let profile = profile(of: member), profile.at / 1000 > record.ts else { return record.name }
        return profile.name.description
    }

    /// By its own word, or as it was called before the wallet changed.
    private func unpublishedName(of member: ULID) -> String? {
        saidName(of: member) ?? me.formerNames[member].flatMap { $0 == member.description ? nil : $0 }
    }

    /// Why an alias means nobody now.
    private func absent(_ alias: String, _ member: ULID) -> KinError {
        let isRevoked = me.revocations.current.entries.contains { $0.entry.target == member }
        guard isRevoked || roster.ended(member) != nil else {
            return KinError(
                "unknown_recipient",
                "of \(alias) nothing but that name is known yet: this device has to reach the server first, see  kin status",
                category: .notFound, retryable: true)
        }
        return KinError(
            "unknown_recipient",
            "\(alias) is what a device is called here that is no member any more. To have the name mean another:  kin device alias \(alias) --remove",
            category: .notFound)
    }

    func withDirectory<T>(_ body: (inout Directory) throws -> T) rethrows -> T {
        try directory.withLock { try body(&$0) }
    }

    /// Connected members whose record was not seen yet.
    var hasUnnamedMembers: Bool {
        let online = roster.onlineMembers
        return directory.withLock { directory in online.contains { directory.device(member: $0) == nil } }
    }

    /// Whom the broker told of, each by the chain that holds.
    var told: [VerifiedMember] { roster.all.map { member($0.member) ?? $0 } }

    /// Everybody known, by whatever way.
    var everybody: [VerifiedMember] {
        let published = directory.withLock { directory in directory.named().compactMap { $0.device.opened.member } }
        let told = told
        let names = Set(told.map(\.member))
        return told + published.filter { !names.contains($0.member) }
    }

    /// Forgets members that were revoked.
    func dropRevoked() {
        roster.dropRevoked(by: me.revocations.current)
        directory.withLock { $0.dropRevoked() }
    }
}
