import KinDaemonAPI
import KinMailbox
import Synchronization

/// Tells listeners of files: those that this device brought to the server, and those that others shared with it.
final class ShareNews: Sendable {
    private let events: EventHub
    private let show = Mutex<@Sendable (ShareRow) -> FileInfo?>({ _ in nil })

    init(events: EventHub) { self.events = events }

    /// - Parameter body: how a share is shown.
    func show(_ body: @escaping @Sendable (ShareRow) -> FileInfo?) { show.withLock { $0 = body } }

    func tell(_ row: ShareRow) {
        guard let info = show.withLock({ $0 })(row) else { return }
        events.publish(DaemonEvent(kind: .fileShared, data: info.json))
    }
}
