public import KinEncoding

/// What is to run in a new terminal: the input of `/term/open` (docs/protocol/terminals.md).
public struct TerminalRequest: Hashable, Sendable {
    /// What its opener calls it: at most 64 bytes, no control characters; may be empty.
    public var name: String
    /// The program and its arguments; nil: the account's login shell.
    public var command: [String]?
    /// Absolute, or relative to the account's home; nil: that home.
    public var folder: String?
    /// The kind of terminal that its user has, as `TERM` says it.
    public var kind: String
    public var size: TerminalSize
    /// Whether a program rather than a person reads the output: nothing is echoed, and lines end with a line feed alone.
    public var isPlain: Bool

    public static let usualKind = "xterm-256color"
    static let maxName = 64
    static let maxArguments = 1024
    static let maxCommand = 64 << 10
    static let maxFolder = 4096

    public init(
        name: String = "", command: [String]? = nil, folder: String? = nil, kind: String = usualKind,
        size: TerminalSize = .usual, isPlain: Bool = false
    ) {
        self.name = name
        self.command = command
        self.folder = folder
        self.kind = kind
        self.size = size
        self.isPlain = isPlain
    }

    /// Members that are not known are passed over.
    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "terminal")
        self.init()
        if fields.has("name") { name = try fields.string("name", maxBytes: Self.maxName) }
        if fields.has("command") { command = try Self.command(&fields) }
        if fields.has("folder") { folder = try fields.string("folder", maxBytes: Self.maxFolder) }
        if fields.has("kind") { kind = try fields.string("kind", maxBytes: 64) }
        size = try TerminalSize.optional(&fields) ?? size
        if fields.has("plain") { isPlain = try fields.bool("plain") }
        if let fault { throw .invalid("terminal: \(fault)") }
    }

    private static func command(_ fields: inout Fields) throws(WireError) -> [String] {
        var words: [String] = []
        for item in try fields.array("command", atMost: maxArguments, atLeast: 1) {
            guard case .string(let word) = item else { throw fields.refusal("command", "must hold strings") }
            words.append(word)
        }
        return words
    }

    public var json: JSON {
        let members: [String: JSON] = [
            "name": .string(name), "kind": .string(kind), "plain": .bool(isPlain),
        ]
        return .object(
            members.merging(size.members) { $1 }
                .adding("command", command) { .array($0.map { .string($0) }) }
                .adding("folder", folder) { .string($0) })
    }

    /// What is wrong with it; nil: nothing.
    package var fault: String? {
        if name.utf8.count > Self.maxName || name.unicodeScalars.contains(where: \.isControl) {
            return "a name has at most \(Self.maxName) bytes and no control characters"
        }
        if !Self.isKind(kind) { return "the kind, as TERM says it, is 1 to 64 letters, digits and any of + - . _" }
        if let folder, folder.utf8.contains(0) || folder.utf8.count > Self.maxFolder || folder.isEmpty {
            return "the folder has a name that no folder can have"
        }
        return command.flatMap(Self.fault(of:))
    }

    private static func fault(of command: [String]) -> String? {
        let bytes = command.reduce(0) { $0 + $1.utf8.count + 1 }
        guard let program = command.first, !program.isEmpty, command.count <= maxArguments, bytes <= maxCommand,
            !command.contains(where: { $0.utf8.contains(0) })
        else {
            return
                "a command is a program and at most \(maxArguments - 1) arguments, \(maxCommand) bytes together, without zero bytes"
        }
        return nil
    }

    private static func isKind(_ kind: String) -> Bool {
        (1...64).contains(kind.utf8.count)
            && kind.utf8.allSatisfy { byte in
                isLowercaseOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || "+-._".utf8.contains(byte)
            }
    }
}

extension UnicodeScalar {
    fileprivate var isControl: Bool { value < 0x20 || (0x7f...0x9f).contains(value) }
}
