/// Bytes of answers under way: of all, and of each address that reads them. A value; the caller guards it.
///
/// One answer is always let through, however small the share: or a large family could not be read at a small relay.
struct AnswerTable: Sendable {
    private let limits: RelayLimits
    private(set) var bytes = 0
    private var bytesOfAddress: [NetworkAddress: Int] = [:]

    init(limits: RelayLimits) { self.limits = limits }

    /// - Returns: false where all, or those of the address, would take more than their share.
    mutating func begin(_ count: Int, to address: NetworkAddress) -> Bool {
        let held = bytesOfAddress[address, default: 0]
        guard bytes == 0 || bytes + count <= limits.answerBytes else { return false }
        guard address == .loopback || held == 0 || held + count <= limits.answerBytesPerAddress else { return false }
        bytes += count
        bytesOfAddress[address] = held + count
        return true
    }

    mutating func end(_ count: Int, to address: NetworkAddress) {
        bytes -= count
        let held = bytesOfAddress[address, default: count] - count
        bytesOfAddress[address] = held > 0 ? held : nil
    }
}
