import KinCrypto
public import KinMailbox

extension StoppedDaemon {
    /// Saves what can be read of a damaged outbox into a fresh one.
    /// - Parameters:
    ///   - startAfresh: begins an empty outbox where nothing can be read.
    ///   - now: milliseconds.
    /// - Throws: `nothing_readable`, `store_…`. Then the outbox is as it was.
    public func recoverOutbox(startAfresh: Bool, now: Int64) throws -> OutboxRecovery.Outcome {
        let recovery = OutboxRecovery(DaemonPaths.outbox(in: state), now: now, line: Random.bytes(8))
        return try withExtendedLifetime(self) { try recovery.run(startAfresh: startAfresh) }
    }
}
