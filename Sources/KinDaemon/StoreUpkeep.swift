import KinMailbox
import KinWire
import Logging

/// What the daemon does for its stores beside its work: finds out whether a full disk has room again, and once an hour erases and deletes what is too old.
struct StoreUpkeep: Sendable {
    /// Between looks at the disk.
    static let interval = Duration.seconds(5)
    /// Milliseconds between the rounds of erasing.
    static let round: Int64 = 3_600_000
    /// Milliseconds that the contents of finished messages are kept: 30 days, as `kin outbox prune` has it.
    static let finishedAge: Int64 = 30 * 86_400_000

    let outbox: OutboxStore
    let inbox: InboxStore
    let files: FileStore
    let inboxDays: Int
    /// Called at each look.
    let expire: @Sendable () -> Void
    let logger: Logger
    /// Milliseconds.
    let now: @Sendable () -> Int64

    /// Until cancelled.
    func run() async {
        if let file = outbox.finishedRecovery {
            logger.warning("outbox_recovery_finished", metadata: ["damaged_file": .string(file)])
        }
        var last: Int64?
        var pressure = OutboxUsage.Pressure.none
        while true {
            do { try await Task.sleep(for: Self.interval) } catch { return }
            expire()
            if outbox.usage.diskIsFull, DiskSpace.hasRoom(at: outbox.path) { outbox.probe() }
            note(&pressure)
            let time = now()
            // A clock that was set back must not stop it.
            guard last.map({ abs(time - $0) >= Self.round }) ?? true else { continue }
            last = time
            await keep(at: time)
        }
    }

    /// Says when there is no room any more, and when there is again; that it grows short is said where it happens (`outbox_pressure_high`).
    private func note(_ before: inout OutboxUsage.Pressure) {
        let usage = outbox.usage
        let pressure = usage.pressure
        defer { before = pressure }
        guard pressure != before else { return }
        let room: Logger.Metadata = [
            "bytes": .stringConvertible(usage.bytes), "max_bytes": .stringConvertible(usage.limit),
        ]
        switch pressure {
        case .full: logger.error("outbox_full", metadata: room.merging(["disk_full": "\(usage.diskIsFull)"]) { $1 })
        case .refusing: logger.warning("outbox_refusing", metadata: room)
        case .none, .high:
            if before == .full || before == .refusing { logger.notice("outbox_has_room", metadata: room) }
        }
    }

    private func keep(at time: Int64) async {
        do {
            let pruned = try await outbox.prune(before: time - Self.finishedAge, now: time)
            let kept = try await inbox.keep(days: inboxDays, now: time)
            try await files.keep(now: time)
            logger.info(
                "stores_kept",
                metadata: [
                    "pruned": .stringConvertible(pruned), "deleted": .stringConvertible(kept.deleted),
                    "vacuumed": .stringConvertible(kept.vacuumed),
                ])
        } catch {
            logger.error("stores_not_kept", metadata: ["error": .string("\(error)")])
        }
    }
}
