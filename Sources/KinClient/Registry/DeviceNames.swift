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
        let all = Self.counts(devices.values)
        let certified = Self.counts(devices.values.filter { $0.opened.member != nil })
        let sorted = devices.map { id, device in
            let name = device.opened.record.name
            if let alias = device.opened.member.flatMap({ aliases.name(of: $0.member) }) {
                return (name: alias.description, id: id)
            }
            // Who has no certificate takes nobody's name, and nobody takes an alias.
            let isAlone = (device.opened.member == nil ? all : certified)[name] == 1
            let isFree = isAlone && aliases.member(called: name) == nil
            return (name: isFree ? name : "\(name)~\(id.description.prefix(4))", id: id)
        }.sorted { $0.name < $1.name }
        var (positions, members) = ([String: [Int]](), [ULID: Int]())
        for (position, entry) in sorted.enumerated() {
            guard let opened = devices[entry.id]?.opened else { continue }
            for text in Set([entry.name, opened.record.name]) { positions[text, default: []].append(position) }
            if let member = opened.member?.member { members[member] = position }
        }
        for (text, found) in positions {
            let certified = found.filter { devices[sorted[$0].id]?.opened.member != nil }
            if !certified.isEmpty { positions[text] = certified }
        }
        for (member, position) in members { positions[member.description] = [position] }
        (self.sorted, self.positions, self.members) = (sorted, positions, members)
    }

    private static func counts(_ devices: some Sequence<Directory.Device>) -> [String: Int] {
        Dictionary(devices.map { ($0.opened.record.name, 1) }, uniquingKeysWith: +)
    }

    func devices(called text: String) -> [(name: String, id: MachineID)] {
        positions[text, default: []].map { sorted[$0] }
    }

    func machine(of member: ULID) -> MachineID? { members[member].map { sorted[$0].id } }

    func name(of member: ULID) -> String? { members[member].map { sorted[$0].name } }
}
