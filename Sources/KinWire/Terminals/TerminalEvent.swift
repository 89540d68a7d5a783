public import KinEncoding

/// How a terminal's program ended.
public enum TerminalExit: Hashable, Sendable {
    case code(Int32)
    case signal(Int32)

    /// As a shell counts it: 128 and more for a signal.
    public var status: Int32 {
        switch self {
        case .code(let code): code
        case .signal(let signal): 128 + signal
        }
    }

    /// `{"code": 0…255}` or `{"signal": 1…127}`.
    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "exit")
        self = try TerminalExit(&fields)
    }

    init(_ fields: inout Fields) throws(WireError) {
        self =
            fields.has("signal")
            ? .signal(Int32(try fields.integer("signal", from: 1, to: 127)))
            : .code(Int32(try fields.integer("code", to: 255)))
    }

    public var json: JSON { .object(members) }

    var members: [String: JSON] {
        switch self {
        case .code(let code): ["code": .integer(Int64(code))]
        case .signal(let signal): ["signal": .integer(Int64(signal))]
        }
    }
}

/// What comes from a terminal to one who is attached: an answer of `/term/attach`.
public enum TerminalEvent: Hashable, Sendable {
    /// What brings the screen back on a terminal as it begins: it clears it first. Output goes on at `position`.
    case screen(position: Int64, [UInt8])
    /// Bytes of output, the first of which is the terminal's `position`th, counted from 0.
    case output(position: Int64, [UInt8])
    /// Output that is gone: what follows begins at the end of the range.
    case gap(Range<Int64>)
    /// The last.
    case exited(TerminalExit)

    /// Of base 64 that a frame holds.
    private static let maxData = 16 << 20

    /// Members that are not known are passed over.
    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "terminal event")
        switch try fields.string("event", maxBytes: 32) {
        case "screen": self = .screen(position: try fields.integer("position"), try Self.data(&fields))
        case "output": self = .output(position: try fields.integer("position"), try Self.data(&fields))
        case "gap":
            let from = try fields.integer("from")
            self = .gap(from..<(try fields.integer("to", from: from)))
        case "exited": self = .exited(try TerminalExit(&fields))
        default: throw WireError(code: "unknown_message_type", message: "no terminal event of this kind is known")
        }
    }

    private static func data(_ fields: inout Fields) throws(WireError) -> [UInt8] {
        try fields.base64("data", maxBytes: maxData)
    }

    public var json: JSON {
        switch self {
        case .screen(let position, let bytes):
            .object(["event": .string("screen"), "position": .integer(position), "data": .string(Base64.encode(bytes))])
        case .output(let position, let bytes):
            .object(["event": .string("output"), "position": .integer(position), "data": .string(Base64.encode(bytes))])
        case .gap(let range):
            .object(["event": .string("gap"), "from": .integer(range.lowerBound), "to": .integer(range.upperBound)])
        case .exited(let exit): .object(exit.members.merging(["event": .string("exited")]) { $1 })
        }
    }
}

extension Fields {
    /// - Parameter maxBytes: of the text.
    mutating func base64(_ name: String, maxBytes: Int) throws(WireError) -> [UInt8] {
        let text = try string(name, maxBytes: maxBytes)
        guard let bytes = try? Base64.decode(text) else { throw refusal(name, "must be base 64 with padding") }
        return bytes
    }
}
