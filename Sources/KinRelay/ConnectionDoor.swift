/// Which new connections a server takes: by how fast they come, and how many are open, of an address and of all.
///
/// A value; the caller guards it.
public struct ConnectionDoor: Sendable {
    public enum Answer: Hashable, Sendable {
        case open
        /// Too fast: to be answered 429. It counts as open until it leaves.
        case tooFast
        /// Too many: to be closed without a word. It does not count, and does not leave.
        case full
    }

    private let limits: RelayLimits
    private var rate: ConnectionRate
    /// Of those that came too fast, as many again are told so.
    private var told: ConnectionRate
    /// Connections that entered and have not left.
    public private(set) var count = 0
    private var countOfAddress: [NetworkAddress: Int] = [:]

    public init(limits: RelayLimits = RelayLimits()) {
        self.limits = limits
        rate = ConnectionRate(limits: limits)
        told = ConnectionRate(limits: limits)
    }

    /// - Parameters:
    ///   - address: textual, IPv4 or IPv6.
    ///   - now: milliseconds of a clock that never runs backwards.
    public mutating func enter(_ address: String, now: Int64) -> Answer {
        let place = NetworkAddress(address)
        let isLimited = place != .loopback && countOfAddress[place, default: 0] >= limits.openPerAddress
        guard count < limits.connections, !isLimited else { return .full }
        let isInTime = rate.allows(address, now: now)
        guard isInTime || told.allows(address, now: now) else { return .full }
        count += 1
        countOfAddress[place, default: 0] += 1
        return isInTime ? .open : .tooFast
    }

    /// A connection that entered has ended.
    public mutating func leave(_ address: String) {
        let place = NetworkAddress(address)
        count -= 1
        let left = countOfAddress[place, default: 1] - 1
        countOfAddress[place] = left > 0 ? left : nil
    }

    /// Addresses with open connections.
    var trackedAddresses: Int { countOfAddress.count }
}
