import KinWire

/// Which slot of which family.
public struct SlotKey: Hashable, Sendable {
    let route: String
    public let machine: MachineID
}

/// The slots of one route id.
struct Route: Sendable {
    var slots: [MachineID: Slot] = [:]
    /// Of what the slots show: another number whenever that changes, never one that was there before.
    var version: UInt64
}

/// What is kept of one device while it is connected and through its grace.
struct Slot: Sendable {
    /// What a slot costs besides its blob, with the connection that holds it: under 8 KiB resident each at 10,000 live, with a record of 1.2 KB.
    static let bytes = 8_192

    let secret: RegistrationSecret
    /// From where it was taken last.
    var address: NetworkAddress
    /// nil: the device is gone, and the slot in its grace.
    var connection: UInt64?
    /// nil until the device published.
    var blob: [UInt8]?
    var flapping = FlapWatch()

    var bytesHeld: Int { Self.bytes + (blob?.count ?? 0) }
}

/// Notices a slot that two devices take from each other in turns.
struct FlapWatch: Sendable {
    private var replacements: [Int64] = []
    private var lastReport: Int64?

    /// - Returns: true where flapping is to be logged: once in a window.
    mutating func replaced(now: Int64, limits: RelayLimits) -> Bool {
        replacements.removeAll { now - $0 >= limits.flapMilliseconds }
        if replacements.count > limits.flapReplacements { replacements.removeFirst() }
        replacements.append(now)
        guard replacements.count > limits.flapReplacements else { return false }
        if let lastReport, now - lastReport < limits.flapMilliseconds { return false }
        lastReport = now
        return true
    }
}
