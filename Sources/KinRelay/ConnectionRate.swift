/// Counts new connections of each address: in no second more than the limit.
///
/// Refused ones do not count, so that a flood gets its share and no less than it. Loopback is never limited.
public struct ConnectionRate: Sendable {
    private static let windowMilliseconds: Int64 = 1000

    private let limit: Int
    private let maxAddresses: Int
    /// The connections of the last second, oldest first; the address that connected longest ago is the oldest entry.
    private var recent = RecencyTable<NetworkAddress, [Int64]>()

    /// - Parameter maxAddresses: bounds the memory: beyond it the address that connected longest ago is forgotten.
    public init(limits: RelayLimits = RelayLimits(), maxAddresses: Int = 65_536) {
        limit = limits.connectionsPerSecondPerAddress
        self.maxAddresses = maxAddresses
    }

    /// Whether a connection may be taken now.
    /// - Parameters:
    ///   - address: textual, IPv4 or IPv6.
    ///   - now: milliseconds of a clock that never runs backwards.
    public mutating func allows(_ address: String, now: Int64) -> Bool {
        sweep(now: now)
        let address = NetworkAddress(address)
        guard address != .loopback else { return true }
        let connections = (recent[address] ?? []).filter { now - $0 < Self.windowMilliseconds }
        guard connections.count < limit else { return false }
        recent[address] = connections + [now]
        if recent.count > maxAddresses { recent.removeOldest() }
        return true
    }

    /// Addresses kept in mind.
    var trackedAddresses: Int { recent.count }

    private mutating func sweep(now: Int64) {
        while let last = recent.oldest?.value.last, now - last >= Self.windowMilliseconds { recent.removeOldest() }
    }
}
