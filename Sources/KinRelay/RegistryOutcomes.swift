/// What became of a registration, or of a wish for a link or a room.
public enum ConnectOutcome: Hashable, Sendable {
    /// The slot is the connection's.
    /// - Parameters:
    ///   - replaced: the connection that held it, to be closed 4003.
    ///   - isFlapping: log `agent_flap`; true once in 30 s.
    case accepted(replaced: UInt64?, isFlapping: Bool)
    /// Answer with the HTTP status 401, 429 or 503.
    case refused(status: Int, code: String, message: String)

    static let slotHeld = refused(
        status: 401, code: "slot_held",
        message: "this machine_id is registered with another secret: a copied folder needs a machine_id of its own")

    static func routeFull(_ limit: Int) -> ConnectOutcome {
        refused(
            status: 429, code: "too_many_machines",
            message: "this route id has \(limit) machines: disconnect one, then try again")
    }

    static func routeFullOfAddress(_ limit: Int) -> ConnectOutcome {
        refused(
            status: 429, code: "too_many_machines",
            message: "this address has \(limit) machines of this route id: disconnect one, then try again")
    }

    static func tooManyLinks(_ limit: Int) -> ConnectOutcome {
        refused(
            status: 429, code: "too_many_links",
            message: "this address has \(limit) links: end one, then try again")
    }

    static let roomsFull = refused(
        status: 503, code: "rooms_full", message: "the relay has no pairing room left: try again in some minutes")

    static func tooManyRooms(_ limit: Int) -> ConnectOutcome {
        refused(
            status: 429, code: "too_many_rooms",
            message: "this address has \(limit) pairing rooms: end one, then try again")
    }

    static let memoryFull = refused(
        status: 503, code: "relay_full", message: "the relay has no memory left: try again later")
}

/// What became of a blob.
public enum PublishOutcome: Hashable, Sendable {
    case published
    /// Close the connection 1009.
    case tooLarge
    /// The connection holds no slot: it was replaced.
    case unknownConnection
    /// No room: the blob before stays.
    case overMemory
}
