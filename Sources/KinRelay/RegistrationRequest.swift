import KinEncoding
import KinWire

/// A device's wish to hold a slot, as `GET /agent/signal` carries it.
public struct RegistrationRequest: Sendable {
    let slot: SlotKey
    let secret: RegistrationSecret

    /// The route id: base58 of 32 bytes.
    public var owner: String { slot.route }
    public var machineID: MachineID { slot.machine }

    /// - Parameters:
    ///   - owner: the query's `owner_id`.
    ///   - machine: the query's `machine_id`.
    ///   - proof: the header `X-Kin-Registration-Secret`.
    public init(owner: String?, machine: String?, proof: String?) throws(RegistrationFault) {
        let slot = try SlotKey(owner: owner, machine: machine)
        guard let secret = proof.flatMap({ RegistrationSecret(hex: $0) }) else {
            throw RegistrationFault(field: .proof, expectation: "must be 64 lower-case hex digits")
        }
        self.slot = slot
        self.secret = secret
    }

    /// Whether `text` is a route id; `GET /registry` answers 400 to anything else.
    public static func isRoute(_ text: String) -> Bool { WalletAddress(text) != nil }
}

extension SlotKey {
    init(owner: String?, machine: String?) throws(RegistrationFault) {
        guard let owner, RegistrationRequest.isRoute(owner) else {
            throw RegistrationFault(field: .owner, expectation: "must be base58 of 32 bytes")
        }
        guard let machine = machine.flatMap({ MachineID($0) }) else {
            throw RegistrationFault(field: .machine, expectation: "must be 16 lower-case hex digits")
        }
        self.init(route: owner, machine: machine)
    }
}

/// Why what was asked of a relay is no such request: answered by 400.
public struct RegistrationFault: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Field: String, Sendable {
        case owner = "owner_id"
        case machine = "machine_id"
        case proof = "X-Kin-Registration-Secret"
        case session
        case room
    }

    public let field: Field
    private let expectation: String

    init(field: Field, expectation: String) {
        self.field = field
        self.expectation = expectation
    }

    public var status: Int { 400 }
    public var code: String {
        switch field {
        case .owner, .machine, .proof: "invalid_registration"
        case .session: "invalid_session"
        case .room: "invalid_room"
        }
    }
    /// Names the field and what it must be, never what was given.
    public var message: String { "\(field.rawValue) \(expectation)" }
    public var description: String { "\(message) (\(code))" }
}
