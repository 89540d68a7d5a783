import KinEncoding

/// What two machines that are paired say to each other so that one certifies the other (docs/protocol/joining.md, "Over a pairing room").
///
/// Each is one message of the pairing's channel, as canonical JSON.
public enum PairingMessage: Hashable, Sendable {
    /// First, by the machine that asks to be certified.
    case ask(PairingPurpose, JoinRequest)
    /// First, by the one that can certify it.
    case offer(PairingOffer)
    /// By the machine that asks: its person said yes to the number and to what is offered.
    case confirmed
    /// By the one that certifies: a `JoinApproval`, sealed to the request's key.
    case approval(sealed: [UInt8])
    /// By the machine that asked: it has kept what it was given.
    case done
    /// By either, in the place of anything else: it is over, and why: 1 to 64 of a-z 0-9 _.
    case refused(code: String)

    /// Bytes of the canonical JSON: what a message of the channel holds.
    public static let maxBytes = LinkLimits.maxRecord
    /// Bytes of a sealed approval: an anonymous box is 48 longer than what is in it.
    public static let maxSealed = JoinApproval.maxBytes + 48

    public init(canonical bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.maxBytes else {
            throw .invalid("a pairing message is at most \(Self.maxBytes) bytes")
        }
        var fields = try Fields(parseCanonical(bytes), in: "pairing message")
        try fields.version()
        let type = try fields.string("type", maxBytes: 16)
        switch type {
        case "ask": self = .ask(try fields.purpose(), try JoinRequest(json: fields.take("request")))
        case "offer": self = .offer(try PairingOffer(&fields))
        case "confirmed": self = .confirmed
        case "approval": self = .approval(sealed: try fields.sealed())
        case "done": self = .done
        case "refused":
            self = .refused(
                code: try fields.parsed("code", as: "1 to 64 of a-z 0-9 _") { isFeatureName($0) ? $0 : nil })
        default: throw WireError(code: "unknown_message_type", message: "this pairing message is not known here")
        }
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        let (type, members): (String, [String: JSON]) =
            switch self {
            case .ask(let purpose, let request):
                ("ask", ["for": .string(purpose.rawValue), "request": request.json])
            case .offer(let offer): ("offer", offer.members)
            case .confirmed: ("confirmed", [:])
            case .approval(let sealed): ("approval", ["sealed": .hex(sealed)])
            case .done: ("done", [:])
            case .refused(let code): ("refused", ["code": .string(code)])
            }
        return JSON.object(members.merging(["v": .integer(1), "type": .string(type)]) { member, _ in member })
            .canonicalBytes()
    }
}

/// What two pair for: both must mean the same.
public enum PairingPurpose: String, Hashable, Sendable, CaseIterable {
    /// The machine becomes a device of the family, which is its own from then on.
    case device
    /// The machine, of whatever family, joins the mesh beside its own.
    case mesh
}

/// What a machine would be certified for. Nothing in it is secret.
public struct PairingOffer: Hashable, Sendable {
    public var purpose: PairingPurpose
    public var mesh: MeshID
    public var role: Role
    /// Empty: the role's own.
    public var scopes: [Scope]
    /// Milliseconds; nil: no end.
    public var expiresAt: Int64?

    public init(purpose: PairingPurpose, mesh: MeshID, role: Role, scopes: [Scope] = [], expiresAt: Int64?) {
        self.purpose = purpose
        self.mesh = mesh
        self.role = role
        self.scopes = scopes
        self.expiresAt = expiresAt
    }

    init(_ fields: inout Fields) throws(WireError) {
        purpose = try fields.purpose()
        mesh = try fields.mesh()
        role = try fields.role("role")
        scopes = try fields.scopes()
        expiresAt = try fields.nullable("expires_at") { fields, name throws(WireError) in try fields.time(name) }
    }

    var members: [String: JSON] {
        [
            "for": .string(purpose.rawValue), "mesh": .text(mesh), "role": .text(role),
            "scopes": .strings(scopes.map(\.description)), "expires_at": .orNull(expiresAt) { .integer($0) },
        ]
    }
}

extension Fields {
    fileprivate mutating func purpose() throws(WireError) -> PairingPurpose {
        try parsed("for", as: "device or mesh") { PairingPurpose(rawValue: $0) }
    }

    fileprivate mutating func sealed() throws(WireError) -> [UInt8] {
        let longest = PairingMessage.maxSealed
        return try parsed("sealed", maxBytes: 2 * longest, as: "hex of 1 to \(longest) bytes") { text in
            guard let bytes = try? Hex.decode(text), !bytes.isEmpty else { return nil }
            return bytes
        }
    }
}
