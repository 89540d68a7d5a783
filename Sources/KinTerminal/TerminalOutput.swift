public import KinEncoding
public import KinWire

/// A terminal's output, for one who is attached: attached as long as this lasts, or until the task that reads is cancelled.
///
/// Who reads slowly holds the program back, so that nothing is lost; who reads not at all and stays holds it for ever.
public final class TerminalOutput: AsyncSequence, Sendable {
    public typealias Element = TerminalEvent

    private let session: TerminalSession
    private let number: Int

    init(_ session: TerminalSession, number: Int) {
        self.session = session
        self.number = number
    }

    deinit { session.detach(number) }

    public var terminal: ULID { session.id }

    /// The next event, once there is one; nil after the end, and for whoever is not attached any more. One at a time may wait.
    public func next() async -> TerminalEvent? { await session.next(number) }

    /// Lets the program run on without this reader.
    public func detach() { session.detach(number) }

    public func makeAsyncIterator() -> Iterator { Iterator(output: self) }

    public struct Iterator: AsyncIteratorProtocol {
        let output: TerminalOutput

        public func next() async -> TerminalEvent? { await output.next() }
    }
}
