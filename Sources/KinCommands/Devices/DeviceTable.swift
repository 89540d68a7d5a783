import KinDaemonAPI

/// Devices and peers as tables.
enum DeviceTable {
    static func devices(_ devices: [DeviceInfo], _ moments: Moments) -> Table {
        Table(
            headings: ["NAME", "STATE", "WHERE", "LAST SEEN", "VERSION"],
            rows: devices.map { device in
                [
                    name(device), state(device), .init(place(device)), .init(lastSeen(device, moments)),
                    .init(device.version ?? "-"),
                ]
            })
    }

    static func peers(_ peers: [DeviceInfo], _ moments: Moments) -> Table {
        Table(
            headings: ["NAME", "STATE", "ROLE", "LAST SEEN", "DOES", "MEMBER"],
            rows: peers.map { peer in
                [
                    name(peer), state(peer), .init(peer.role ?? "-"), .init(lastSeen(peer, moments)), .init(does(peer)),
                    .init(peer.member ?? "-", .dim),
                ]
            })
    }

    /// By its own word.
    private static func does(_ peer: DeviceInfo) -> String {
        // What one that is away said is old.
        guard peer.online else { return "-" }
        let said = [peer.status.flatMap { $0 == .idle ? nil : $0.rawValue }, peer.summary].compactMap { $0 }
        return said.isEmpty ? "-" : said.joined(separator: ": ")
    }

    private static func name(_ device: DeviceInfo) -> Table.Cell {
        // By its own name it is known elsewhere.
        let other = device.ownName.flatMap { $0 == device.name ? nil : $0 }
        return .init(other.map { "\(device.name) (\($0))" } ?? device.name, .strong)
    }

    private static func state(_ device: DeviceInfo) -> Table.Cell {
        // Listed by a relay, but with no word from the wallet: nothing can be sent to it.
        guard device.member != nil else { return .init("uncertified", .bad) }
        return state(device.state)
    }

    /// Of one in a topic.
    static func state(_ member: TopicMemberInfo) -> Table.Cell {
        if member.thisDevice { return .init("here", .good) }
        return member.isRevoked ? .init("revoked", .bad) : state(member.state)
    }

    static func state(_ state: DeviceInfo.State) -> Table.Cell {
        switch state {
        case .online: .init("online", .good)
        case .offline: .init("offline", .dim)
        case .unknown: .init("unknown", .dim)
        case .notMember: .init("no member", .bad)
        }
    }

    private static func place(_ device: DeviceInfo) -> String {
        if device.thisDevice { return "here" }
        return device.servers.isEmpty ? "-" : device.servers.joined(separator: ", ")
    }

    private static func lastSeen(_ device: DeviceInfo, _ moments: Moments) -> String {
        if device.online { return "now" }
        return device.lastSeen.map { moments.relative($0) } ?? "-"
    }
}
