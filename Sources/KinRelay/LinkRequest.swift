import KinEncoding
import KinWire

/// What a socket on `/link` is for, as its query says.
public enum LinkRequest: Sendable {
    /// Somebody wants to reach the device of this slot.
    case toDevice(SlotKey)
    /// The device takes up a link that it was told of.
    case fromDevice(LinkSession)

    /// - Parameters:
    ///   - owner: the query's `owner_id`.
    ///   - machine: the query's `machine_id`.
    ///   - session: the query's `session`, which stands alone.
    public init(owner: String?, machine: String?, session: String?) throws(RegistrationFault) {
        guard let session else {
            self = .toDevice(try SlotKey(owner: owner, machine: machine))
            return
        }
        guard owner == nil, machine == nil, let session = LinkSession(hex: session) else {
            throw RegistrationFault(field: .session, expectation: "must be 32 lower-case hex digits, and stand alone")
        }
        self = .fromDevice(session)
    }
}

/// A pairing room, as the query of `/pair` names it: SHA-256 of what both parties know, of which the relay knows nothing.
public struct RoomID: Hashable, Sendable {
    private let hex: String

    /// - Parameter text: the query's `room`.
    public init(_ text: String?) throws(RegistrationFault) {
        guard let text, text.utf8.count == 64, (try? Hex.decode(text)) != nil else {
            throw RegistrationFault(field: .room, expectation: "must be 64 lower-case hex digits")
        }
        hex = text
    }
}
