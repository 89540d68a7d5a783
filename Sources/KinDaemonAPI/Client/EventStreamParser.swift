import KinEncoding

/// Reads server-sent events from chunks as they come: a pure state machine. Unknown kinds and comments are passed over.
public struct EventStreamParser: Sendable {
    /// Bytes of one line; a longer one is no event of ours.
    static let maxLine = 16 << 20

    private var line: [UInt8] = []
    private var kind = ""
    private var id: Int64?
    private var data: [UInt8] = []

    public init() {}

    /// - Returns: the events completed by this chunk; nil when the stream is not one of ours.
    public mutating func parse(_ chunk: some Sequence<UInt8>) -> [DaemonEvent]? {
        var events: [DaemonEvent] = []
        for byte in chunk {
            guard byte == UInt8(ascii: "\n") else {
                guard line.count < Self.maxLine else { return nil }
                line.append(byte)
                continue
            }
            if line.isEmpty, let event = finish() { events.append(event) }
            take()
        }
        return events
    }

    private mutating func take() {
        defer { line.removeAll(keepingCapacity: true) }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": kind = String(decoding: value, as: UTF8.self)
        case "id": id = Int64(String(decoding: value, as: UTF8.self))
        case "data": data = Array(value)
        default: break
        }
    }

    private mutating func finish() -> DaemonEvent? {
        defer { (kind, id, data) = ("", nil, []) }
        guard let kind = DaemonEvent.Kind(rawValue: kind), let json = try? JSON.parse(data) else { return nil }
        return DaemonEvent(kind: kind, id: id, data: json)
    }
}
