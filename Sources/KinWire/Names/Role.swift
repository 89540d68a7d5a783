/// What a member may do unless its scopes say otherwise; ordered from least to most.
public enum Role: Int, Comparable, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case guest, machine, member, owner

    public init?(_ text: String) {
        guard let role = Self.allCases.first(where: { $0.description == text }) else { return nil }
        self = role
    }

    public var description: String {
        switch self {
        case .guest: "guest"
        case .machine: "machine"
        case .member: "member"
        case .owner: "owner"
        }
    }

    public static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }
}

/// A refinement of a role. An unknown scope is refused, never ignored.
public enum Scope: Hashable, Sendable, CustomStringConvertible {
    case send, issue, revoke, bunkerAdmin
    case topic(TopicName)
    /// A path pattern of operations, first character `/`.
    case call(String)

    public init?(_ text: String) {
        switch text {
        case "send": self = .send
        case "issue": self = .issue
        case "revoke": self = .revoke
        case "bunker:admin": self = .bunkerAdmin
        default:
            if text.hasPrefix("topic:"), let name = TopicName(String(text.dropFirst(6))) {
                self = .topic(name)
            } else if text.hasPrefix("call:/"), text.utf8.count <= 133, isPrintableASCII(text) {
                self = .call(String(text.dropFirst(5)))
            } else {
                return nil
            }
        }
    }

    public var description: String {
        switch self {
        case .send: "send"
        case .issue: "issue"
        case .revoke: "revoke"
        case .bunkerAdmin: "bunker:admin"
        case .topic(let name): "topic:\(name)"
        case .call(let pattern): "call:\(pattern)"
        }
    }
}

func isPrintableASCII(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20...0x7e).contains($0) } }
