import KinEncoding
import KinIdentity
import KinWire

/// What the devices of a directory are called, found without looking at each: a message is addressed by name.
struct DeviceNames: Sendable {
    /// By name.
    let sorted: [(name: String, id: MachineID)]
    /// Positions in `sorted` by each name a device answers to.
    private let positions: [String: [Int]]
    private let members: [ULID: Int]

    init(_ devices: [MachineID: Directory.Device] = [:]) {
        let counts = Dictionary(devices.values.map { ($0.opened.record.name, 1) }, uniquingKeysWith: +)
        sorted = devices.map { id, device in
            let name = device.opened.record.name
            return (counts[name] == 1 ? name : "\(name)~\(id.description.prefix(4))", id)
        }.sorted { $0.name < $1.name }
        var (positions, members) = ([String: [Int]](), [ULID: Int]())
        for (position, entry) in sorted.enumerated() {
            guard let opened = devices[entry.id]?.opened else { continue }
            let texts: Set = [entry.name, opened.record.name, opened.member?.member.description ?? entry.name]
            for text in texts { positions[text, default: []].append(position) }
            if let member = opened.member?.member, members[member] == nil { members[member] = position }
        }
        (self.positions, self.members) = (positions, members)
    }

    func devices(called text: String) -> [(name: String, id: MachineID)] {
        positions[text, default: []].map { sorted[$0] }
    }

    func machine(of member: ULID) -> MachineID? { members[member].map { sorted[$0].id } }

    func name(of member: ULID) -> String? { members[member].map { sorted[$0].name } }
}
