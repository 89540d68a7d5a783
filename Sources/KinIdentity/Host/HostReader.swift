/// What can be read of the machine this runs on; a test puts its own answers here.
public struct HostReader: Sendable {
    /// The content of a small file; nil where it cannot be read.
    public var file: @Sendable (_ path: String) -> [UInt8]?
    /// macOS's `IOPlatformUUID`; nil elsewhere.
    public var platformUUID: @Sendable () -> String?
    public var interfaces: @Sendable () -> [NetworkInterface]
    /// A random UUID, for a machine that has no id of its own.
    public var randomUUID: @Sendable () -> String

    public init(
        file: @escaping @Sendable (_ path: String) -> [UInt8]?, platformUUID: @escaping @Sendable () -> String?,
        interfaces: @escaping @Sendable () -> [NetworkInterface], randomUUID: @escaping @Sendable () -> String
    ) {
        self.file = file
        self.platformUUID = platformUUID
        self.interfaces = interfaces
        self.randomUUID = randomUUID
    }
}

/// A network interface, as far as it tells one machine from another.
public struct NetworkInterface: Hashable, Sendable {
    public var name: String
    /// 6 bytes; others are no Ethernet address.
    public var mac: [UInt8]
    public var isLoopback: Bool

    public init(name: String, mac: [UInt8], isLoopback: Bool = false) {
        self.name = name
        self.mac = mac
        self.isLoopback = isLoopback
    }

    /// Names of interfaces that come and go: tunnels, bridges, containers, virtual machines. All but `lo` are beginnings of names.
    private static let passing = [
        "docker", "veth", "br-", "tun", "tap", "wg", "tailscale", "utun", "ppp", "vboxnet", "vmnet", "awdl", "llw",
    ]

    /// Whether it belongs to the machine for good.
    var isStable: Bool {
        guard mac.count == 6, mac.contains(where: { $0 != 0 }), !isLoopback, name != "lo" else { return false }
        return !Self.passing.contains { name.hasPrefix($0) }
    }

    /// Wired before the rest, wireless last: its address may be made up for each network.
    private var rank: Int { name.hasPrefix("en") || name.hasPrefix("eth") ? 0 : name.hasPrefix("wl") ? 2 : 1 }

    /// The one that stands for its machine: the first by rank, then by the bytes of its name.
    static func first(of interfaces: [NetworkInterface]) -> NetworkInterface? {
        interfaces.filter(\.isStable).min {
            $0.rank == $1.rank ? $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) : $0.rank < $1.rank
        }
    }
}
