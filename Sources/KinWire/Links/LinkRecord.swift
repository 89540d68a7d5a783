/// The inside of one transport message of a link: a byte that says what it is, then the rest (docs/protocol/links.md, "Transport messages").
public enum LinkRecord: Hashable, Sendable {
    /// The bytes of a frame, of which more follow: as many as a record holds.
    case more([UInt8])
    /// The last bytes of a frame, or all of them; may be none.
    case last([UInt8])
    /// Everything before this position has come.
    case acknowledgement(through: Int64)
    /// The link is over, on purpose; nothing is left to continue.
    case end(reason: String)

    private static let positionBytes = 8
    /// What a record holds of a frame.
    public static let maxContent = LinkLimits.maxRecord - 1

    public init(_ bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= LinkLimits.maxRecord, let kind = bytes.first else {
            throw .invalid("a link's message has 1 to \(LinkLimits.maxRecord) bytes")
        }
        let rest = bytes.dropFirst()
        switch kind {
        case 0:
            guard rest.count == Self.maxContent else { throw .invalid("a part that is not the last is full") }
            self = .more(Array(rest))
        case 1: self = .last(Array(rest))
        case 2:
            let position = rest.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard rest.count == Self.positionBytes, position <= Fields.maxInteger else {
                throw .invalid("an acknowledgement has a position of eight bytes, below 2^53")
            }
            self = .acknowledgement(through: Int64(position))
        case 3:
            let reason = String(decoding: rest, as: UTF8.self)
            guard rest.count <= 64, isFeatureName(reason) else { throw .invalid("an end has a reason of a-z 0-9 _") }
            self = .end(reason: reason)
        default: throw WireError(code: "unknown_message_type", message: "no message of a link has this kind")
        }
    }

    /// Bytes of a frame: `last`, or `more`.
    public static func encoded(_ content: ArraySlice<UInt8>, isLast: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1 + content.count)
        bytes.append(isLast ? 1 : 0)
        bytes.append(contentsOf: content)
        return bytes
    }

    public func encoded() -> [UInt8] {
        switch self {
        case .more(let content): Self.encoded(content[...], isLast: false)
        case .last(let content): Self.encoded(content[...], isLast: true)
        case .acknowledgement(let position):
            [2] + (0..<Self.positionBytes).reversed().map { UInt8(truncatingIfNeeded: position >> ($0 * 8)) }
        case .end(let reason): [3] + Array(reason.utf8)
        }
    }
}
