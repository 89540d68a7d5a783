import KinEncoding
import KinIdentity
import KinWire

/// What the devices of a directory are called, found without looking at each: a message is addressed by name.
struct DeviceNames: Sendable {
    /// By name.
    let sorted: [(name: String, id: MachineID)]
    /// Positions in `sorted` by each name a device answers to. A certified device's name is no other's, and a member id no name.
    private let positions: [String: [Int]]
    private let members: [ULID: Int]

    init(_ devices: [MachineID: Directory.Device] = [:], aliases: Aliases = Aliases()) {
        let called = devices.mapValues { Self.name($0, aliases) }
        let all = Self.counts(called.values)
        let certified = Self.counts(called.filter { devices[$0.key]?.opened.member != nil }.values)
        let sorted = called.map { id, called in
            let isCertified = devices[id]?.opened.member != nil
            // Who has no certificate takes nobody's name, and nobody an alias.
            let isAlone = called.isAlias || (isCertified ? certified : all)[called.name] == 1
            return (name: isAlone ? called.name : "\(called.name)~\(id.description.prefix(4))", id: id)
        }.sorted { $0.name < $1.name }
        var (positions, members) = ([String: [Int]](), [ULID: Int]())
        for (position, entry) in sorted.enumerated() {
            guard let opened = devices[entry.id]?.opened else { continue }
            for text in Set([entry.name, opened.record.name]) { positions[text, default: []].append(position) }
            if let member = opened.member?.member { members[member] = position }
        }
        for (text, found) in positions {
            let certified = found.filter { devices[sorted[$0].id]?.opened.member != nil }
            let shown = certified.filter { sorted[$0].name == text }
            if !certified.isEmpty { positions[text] = shown.isEmpty ? certified : shown }
        }
        for (member, position) in members { positions[member.description] = [position] }
        (self.sorted, self.positions, self.members) = (sorted, positions, members)
    }

    private static func name(_ device: Directory.Device, _ aliases: Aliases) -> (name: String, isAlias: Bool) {
        let alias = device.opened.member.flatMap { aliases.name(of: $0.member) }
        return (alias?.description ?? device.opened.record.name, alias != nil)
    }

    private static func counts(_ called: some Sequence<(name: String, isAlias: Bool)>) -> [String: Int] {
        Dictionary(called.map { ($0.name, 1) }, uniquingKeysWith: +)
    }

    func devices(called text: String) -> [(name: String, id: MachineID)] {
        positions[text, default: []].map { sorted[$0] }
    }

    func machine(of member: ULID) -> MachineID? { members[member].map { sorted[$0].id } }

    func name(of member: ULID) -> String? { members[member].map { sorted[$0].name } }
}
