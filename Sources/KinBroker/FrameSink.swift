import KinWire

/// Where a session's frames go: a WebSocket, or a test's record. Thread-safe; never waits.
public protocol FrameSink: AnyObject, Sendable {
    /// Whole frames, in order, in one flush.
    func send(_ frames: [[UInt8]])

    /// Sends what is queued, then closes.
    func close(_ code: CloseCode, reason: String)

    /// Bytes of frames that the peer was sent and has not taken.
    var bufferedBytes: Int { get }

    /// Asks the peer for a sign of life; its answer goes to `BrokerSession.answeredPing`.
    func ping()

    /// Stops (true) or resumes reading from the peer: what it has sent waits in the kernel meanwhile.
    func pauseReading(_ paused: Bool)
}

extension FrameSink {
    func send(_ message: MeshFrame) { send([message.encoded()]) }
}
