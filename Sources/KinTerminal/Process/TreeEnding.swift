import CPTY

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ends processes and all they started: asked first, killed after a while, and looked for again until none is left.
struct TreeEnding {
    /// Rounds of killing: a program that starts others while it is being killed is caught by a later one.
    private static let rounds = 6
    private static let roundLimit = Duration.milliseconds(250)
    /// Watched at once; of more, the others are waited for by the next round.
    private static let maxWatches = 256

    let grace: Duration
    /// Those that run.
    let members: (ProcessTree) -> Set<ProcessTree.Member>
    /// Waits until all watches can be read from, or so long.
    let wait: (_ limit: Duration, _ watches: [Int32]) -> Void

    func run() {
        // One that is stopped could not hear what it is asked.
        signal([SIGHUP, SIGCONT], within: grace)
        for _ in 0..<Self.rounds {
            guard signal([SIGKILL], within: Self.roundLimit) else { return }
        }
    }

    /// - Returns: whether there was any to signal.
    @discardableResult
    private func signal(_ signals: [Int32], within limit: Duration) -> Bool {
        let members = members(.running())
        var watches: [Int32] = []
        for member in members {
            let watch = watches.count < Self.maxWatches ? cpty_watch(member.process) : -1
            // The watch holds on to the process that has the number now.
            guard ProcessTree.isRunning(member) else {
                if watch >= 0 { close(watch) }
                continue
            }
            for signal in signals {
                if watch >= 0 { _ = cpty_signal(watch, member.process, signal) } else { kill(member.process, signal) }
            }
            if watch >= 0 { watches.append(watch) }
        }
        defer { for watch in watches { close(watch) } }
        if !members.isEmpty { wait(limit, watches) }
        return !members.isEmpty
    }
}
