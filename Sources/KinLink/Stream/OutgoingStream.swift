import KinWire

/// What this side sends, cut into messages, each kept until it is acknowledged.
///
/// A position counts the bytes of messages with parts of frames, first bytes included. A message is sent again as it was, so positions always lie
/// between messages.
struct OutgoingStream: Sendable {
    /// Everything before it was acknowledged.
    private(set) var acknowledged: Int64 = 0
    /// Behind the last message that was cut.
    private(set) var end: Int64 = 0
    /// From `acknowledged` on, each ready to be sealed.
    private var records: [[UInt8]] = []
    /// How many of them were sent on this connection.
    private var sent = 0
    /// Frames not cut to the end yet.
    private var frames: [[UInt8]] = []
    /// How much of the first one is in `records`.
    private var cut = 0
    private var waiting = 0

    /// Whether one more frame is taken: of frames at most 1 MiB waits, and one more.
    var isReady: Bool { waiting < Int(LinkLimits.window) && frames.count < LinkLimits.windowRecords }

    /// Whether something was cut into messages that the other side has not acknowledged.
    var awaitsAcknowledgement: Bool { !records.isEmpty }

    /// Whether nothing is left to send on this connection, though it may not be acknowledged.
    var isDrained: Bool { frames.isEmpty && sent == records.count }

    /// The bytes it holds in memory.
    var byteCount: Int { Int(end - acknowledged) + frames.reduce(0) { $0 + $1.count } }

    mutating func submit(_ frame: [UInt8]) {
        frames.append(frame)
        waiting += frame.count
    }

    /// The next message to seal and send; nil while the window is full, or nothing waits.
    mutating func next() -> [UInt8]? {
        if sent == records.count, !cutRecord() { return nil }
        defer { sent += 1 }
        return records[sent]
    }

    private mutating func cutRecord() -> Bool {
        guard let frame = frames.first, records.count < LinkLimits.windowRecords else { return false }
        let count = min(frame.count - cut, LinkRecord.maxContent)
        guard end - acknowledged + Int64(count) + 1 <= LinkLimits.window else { return false }
        let content = frame[cut..<cut + count]
        cut += count
        waiting -= count
        let isLast = cut == frame.count
        records.append(LinkRecord.encoded(content, isLast: isLast))
        end += Int64(count) + 1
        if isLast {
            frames.removeFirst()
            cut = 0
        }
        return true
    }

    /// - Throws: `positionInvalid` where `position` was acknowledged before, was not sent on this connection, or lies within a message.
    mutating func acknowledge(through position: Int64) throws(LinkFault) {
        let count = try records(before: position)
        guard count <= sent else { throw .positionInvalid }
        drop(count, through: position)
    }

    /// How many records end at `position`.
    private func records(before position: Int64) throws(LinkFault) -> Int {
        guard (acknowledged...end).contains(position) else { throw .positionInvalid }
        var (count, place) = (0, acknowledged)
        while place < position {
            place += Int64(records[count].count)
            count += 1
        }
        guard place == position else { throw .positionInvalid }
        return count
    }

    private mutating func drop(_ count: Int, through position: Int64) {
        records.removeFirst(count)
        sent = max(0, sent - count)
        acknowledged = position
    }

    /// Sends everything from `position` on again, on a new connection.
    /// - Throws: `positionInvalid`.
    mutating func restart(from position: Int64) throws(LinkFault) {
        drop(try records(before: position), through: position)
        sent = 0
    }
}
