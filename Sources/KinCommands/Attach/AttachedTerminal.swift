public import KinTerminal
public import KinWire

/// A terminal of another machine, as the near end of `kin attach` uses it.
public protocol AttachedTerminal: Sendable {
    /// How a person knows it: the machine's name, as a rule.
    var name: String { get }
    /// The command line that comes back to it.
    var comeBack: String { get }

    /// Attaches. One at a time is shown; another may wait for the end alone.
    /// - Parameter size: of the screen here, which becomes the terminal's.
    func events(from start: TerminalStart, size: TerminalSize?) async throws -> any AttachedEvents

    /// Whether it is there: asked for one that was out of reach.
    /// - Throws: why it is not, or cannot be reached.
    func check() async throws

    /// Types; returns once the bytes are taken, in the order of the calls.
    func write(_ bytes: [UInt8]) async throws

    func resize(to size: TerminalSize) async throws

    /// Returns once it is known there that nobody is attached any more: for whoever has let go of its events.
    func detach() async throws

    /// Ends whatever runs in it.
    func close() async throws
}

/// What comes from a terminal, one after the other.
public protocol AttachedEvents: Sendable {
    /// nil after the end. Whoever asks slowly holds the program back. Being cancelled detaches.
    /// - Throws: what the way there failed of.
    func next() async throws -> TerminalEvent?
}

extension TerminalOutput: AttachedEvents {}
