import KinCalls
import KinIdentity
import KinWire

/// Keeps the links of a daemon in order, and ends them with it.
struct LinkRunner: Sendable {
    let table: LinkTable
    let outgoing: OutgoingLinks
    /// Whether a device is a member still.
    let isMember: @Sendable (VerifiedMember) -> Bool

    private static let pause = Duration.seconds(5)
    /// How long the last words of links may take.
    private static let patience = Duration.milliseconds(500)

    /// Until cancelled.
    func run() async {
        while !Task.isCancelled {
            sweep()
            try? await Task.sleep(for: Self.pause)
        }
        await close()
    }

    /// Gives up what nobody uses, comes back for, or may have any more.
    func sweep() {
        table.sweep(isMember: isMember)
        outgoing.sweep(at: .now, isMember: isMember)
    }

    private func close() async {
        let sessions = table.close() + outgoing.close()
        for session in sessions { session.link.close(reason: "leaving") }
        // Apart from this task, which is cancelled.
        await Task {
            let deadline = ContinuousClock.now + Self.patience
            for session in sessions { await session.link.waitForEnd(until: deadline) }
        }.value
        for session in sessions { session.end(.linkEnded("leaving")) }
    }
}
