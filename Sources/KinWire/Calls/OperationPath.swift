/// What a call asks for: `/{service}/{operation}`, with the node in front where it is another's: `/kiosk/term/open`. One to eight parts of
/// `[A-Za-z0-9._-]{1,64}`, none of them `.` or `..`.
public struct OperationPath: Hashable, Sendable, CustomStringConvertible {
    static let maxBytes = 520
    static let form = "a path of 1 to 8 parts, each / and 1 to 64 of A-Z a-z 0-9 . _ -"

    /// Without slashes.
    public let parts: [String]

    public init?(_ text: String) {
        guard text.first == "/", text.utf8.count <= Self.maxBytes else { return nil }
        self.init(parts: text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init))
    }

    public init?(parts: [String]) {
        guard (1...8).contains(parts.count), parts.allSatisfy(Self.isPart) else { return nil }
        self.parts = parts
    }

    /// Names the other side's own services, whatever its devices are called.
    public static let services: Set<String> = ["vault", "services", "fs", "term", "exec", "notify", "mesh", "device"]
    /// The node that a stream leads to.
    public static let head = "head"

    /// The node it begins with, and the rest; nil: it begins with a service, and is the reader's own. A node may be called like a service: what
    /// follows tells.
    public var node: (name: String, rest: OperationPath)? {
        guard let rest = OperationPath(parts: Array(parts.dropFirst())) else { return nil }
        let isService = Self.services.contains(parts[0])
        let followsService = parts.count > 2 && Self.services.contains(parts[1])
        return isService && !followsService ? nil : (parts[0], rest)
    }

    public var description: String { parts.map { "/" + $0 }.joined() }

    private static func isPart(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count), text != ".", text != ".." else { return false }
        return text.utf8.allSatisfy { byte in
            isLowercaseOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
        }
    }
}
