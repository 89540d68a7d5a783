public import KinEncoding

/// Where one who attaches begins.
public enum TerminalStart: Hashable, Sendable {
    /// With the screen as it is now. A terminal that nobody was attached to yet begins with its first output.
    case screen
    /// With the output at this position: what it was told last and how many bytes that had, after a cut. A position that is past the end
    /// begins there.
    case position(Int64)
    /// With nothing but how it ends: the program waits for nobody who began so.
    case end
}

/// The input of `/term/attach`.
public struct TerminalAttachment: Hashable, Sendable {
    public var id: ULID
    public var start: TerminalStart
    /// Of the screen that it is shown on, if it is to be the terminal's.
    public var size: TerminalSize?

    public init(id: ULID, start: TerminalStart, size: TerminalSize? = nil) {
        self.id = id
        self.start = start
        self.size = size
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "attachment")
        id = try fields.ulid("id")
        size = try TerminalSize.optional(&fields)
        start =
            switch fields.has("from") ? try fields.take("from") : .string("screen") {
            case .string("screen"): .screen
            case .string("end"): .end
            case .integer(let position) where position >= 0: .position(position)
            default: throw fields.refusal("from", "must be \"screen\", \"end\" or a position")
            }
    }

    public var json: JSON {
        let from: JSON =
            switch start {
            case .screen: .string("screen")
            case .end: .string("end")
            case .position(let position): .integer(position)
            }
        return .object(["id": .text(id), "from": from].merging(size?.members ?? [:]) { $1 })
    }
}

/// The input of `/term/write`.
public struct TerminalInput: Hashable, Sendable {
    /// Bytes of one write.
    public static let maxBytes = 64 << 10

    public var id: ULID
    public var bytes: [UInt8]

    public init(id: ULID, bytes: [UInt8]) {
        self.id = id
        self.bytes = bytes
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "terminal input")
        id = try fields.ulid("id")
        bytes = try fields.base64("data", maxBytes: Base64.encodedCount(Self.maxBytes))
        guard bytes.count <= Self.maxBytes else {
            throw fields.refusal("data", "must hold at most \(Self.maxBytes) bytes")
        }
    }

    public var json: JSON { .object(["id": .text(id), "data": .string(Base64.encode(bytes))]) }
}

/// The input of `/term/resize`.
public struct TerminalResize: Hashable, Sendable {
    public var id: ULID
    public var size: TerminalSize

    public init(id: ULID, size: TerminalSize) {
        self.id = id
        self.size = size
    }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "terminal size")
        id = try fields.ulid("id")
        size = try TerminalSize(&fields)
    }

    public var json: JSON { .object(["id": .text(id)].merging(size.members) { $1 }) }
}

/// The input of `/term/close`.
public struct TerminalReference: Hashable, Sendable {
    public var id: ULID

    public init(id: ULID) { self.id = id }

    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "terminal")
        id = try fields.ulid("id")
    }

    public var json: JSON { .object(["id": .text(id)]) }
}
