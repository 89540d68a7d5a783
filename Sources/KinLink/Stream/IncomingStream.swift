import KinWire

/// What comes from the other side: each part of a frame once and in order, whatever is sent again after a cut.
struct IncomingStream: Sendable {
    /// Everything before it has come.
    private(set) var receivedThrough: Int64 = 0
    /// Where the next part of this connection begins.
    private var place: Int64 = 0
    /// What the other side was told last.
    private var told: Int64 = 0
    private var untoldRecords = 0
    /// The parts of a frame whose last has not come.
    private var partial: [UInt8] = []
    private let maxFrame: Int

    init(maxFrame: Int) { self.maxFrame = maxFrame }

    /// Whether so much has come that the other side must hear of it, or stands still.
    var mustAcknowledge: Bool {
        receivedThrough - told >= LinkLimits.acknowledgeAfter || untoldRecords >= LinkLimits.acknowledgeAfterRecords
    }

    /// Whether anything has come that the other side was not told of.
    var hasNews: Bool { receivedThrough > told }

    var byteCount: Int { partial.count }

    /// - Returns: the whole frame, with its last part.
    /// - Throws: `frameTooLarge`, `positionInvalid`.
    mutating func take(_ content: [UInt8], isLast: Bool) throws(LinkFault) -> [UInt8]? {
        let begin = place
        place += Int64(content.count) + 1
        // What came over the earlier connection after the other side was told how far.
        if place <= receivedThrough { return nil }
        guard begin == receivedThrough else { throw .positionInvalid }
        guard partial.count + content.count <= maxFrame else { throw .frameTooLarge }
        receivedThrough = place
        untoldRecords += 1
        if isLast, partial.isEmpty { return content }
        partial += content
        guard isLast else { return nil }
        defer { partial = [] }
        return partial
    }

    /// The position to tell the other side.
    mutating func acknowledge() -> Int64 {
        told = receivedThrough
        untoldRecords = 0
        return told
    }

    /// On a new connection the other side sends again from `position` on, which it was told.
    mutating func restart(from position: Int64) {
        place = position
        told = position
        untoldRecords = 0
    }
}
