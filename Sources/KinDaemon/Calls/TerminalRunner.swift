import KinTerminal

/// Ends the terminals with the daemon.
struct TerminalRunner: Sendable {
    let terminals: Terminals

    /// Until cancelled, and then until all have ended.
    func run() async {
        let (never, continuation) = AsyncStream.makeStream(of: Void.self)
        for await _ in never {}
        continuation.finish()
        // Apart from this task, which is cancelled.
        await Task { await terminals.closeAll() }.value
    }
}
