import Foundation
import KinDaemonAPI
import KinMailbox
import KinMetrics
import KinWire

/// What is looked up when somebody asks for the metrics.
struct DaemonFigures: Sendable {
    let board: StatusBoard
    let outbox: OutboxStore
    let events: EventHub
    /// The folder of the stores.
    let folder: String
    /// Milliseconds.
    let now: @Sendable () -> Int64

    /// A store that cannot be read leaves its figures without a value.
    func families() -> [MetricFamily] {
        let relays = board.relays()
        let connected = relays.count { $0.connected }
        return [
            .gauge(
                "kin_daemon_connected", "1 while a session with the broker is ready.", board.broker().connected ? 1 : 0),
            .gauge(
                "kin_daemon_relays", "Relays, by whether this device is registered there.", by: "state",
                ["registered": Double(connected), "lost": Double(relays.count - connected)]),
            .gauge("kin_daemon_event_streams", "Listeners of the event stream.", events.listeners),
            .gauge(
                "kin_daemon_info", "Always 1; the version that runs.", by: "version",
                [KinVersion.current: 1]),
        ] + queues() + disk()
    }

    private func queues() -> [MetricFamily] {
        let depth = try? outbox.depth()
        let oldest = try? outbox.oldestPending()
        let age = depth.map { _ in oldest.map { Double(max(now() - $0, 0)) / 1000 } ?? 0 }
        return [
            .gauge(
                "kin_daemon_outbox_depth",
                "Messages that wait, can never be sent, or were refused by their recipients.",
                by: "status",
                [
                    "pending": depth.map { Double($0.pending) }, "dead": depth.map { Double($0.dead) },
                    "refused": (try? outbox.refusedCount()).map { Double($0) },
                ]),
            .gauge("kin_daemon_outbox_age_seconds", "Age of the oldest message that waits; 0 where none does.", age),
            .gauge(
                "kin_daemon_outbox_pressure", "Room of the outbox: 0 enough, 1 from 80 %, 2 from 95 %, 3 none.",
                OutboxUsage.Pressure.allCases.firstIndex(of: outbox.usage.pressure)),
            .gauge(
                "kin_daemon_outbox_degraded",
                "1 while nothing can be sent for lack of room, and only receiving goes on.",
                outbox.usage.pressure == .full ? 1 : 0),
        ]
    }

    private func disk() -> [MetricFamily] {
        let usage = outbox.usage
        return [
            .gauge(
                "kin_daemon_disk_pct", "Percent in use: of the file system that holds the home, of the outbox's room.",
                by: "kind",
                [
                    "home": DiskSpace.usedPercent(of: folder),
                    "outbox": Double(usage.bytes) / Double(max(usage.limit, 1)) * 100,
                ])
        ]
    }
}

/// How full a file system is.
enum DiskSpace {
    /// Bytes that a large message takes with what is written beside it.
    private static let enough = 1 << 20

    /// Whether another message would fit; true where the system does not tell.
    static func hasRoom(at path: String) -> Bool {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return true }
        return UInt64(facts.f_bavail) * UInt64(facts.f_frsize) >= enough
    }

    /// As `df` says it; nil where the system does not tell.
    static func usedPercent(of path: String) -> Double? {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return nil }
        let used = Double(facts.f_blocks) - Double(facts.f_bfree)
        let available = Double(facts.f_bavail)
        return used + available > 0 ? used / (used + available) * 100 : nil
    }
}
