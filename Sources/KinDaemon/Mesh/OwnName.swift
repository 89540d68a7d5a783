import KinWire
import Synchronization

/// What this device calls itself: it may change while the daemon runs.
final class OwnName: Sendable {
    private let name: Mutex<DeviceName>

    init(_ name: DeviceName) { self.name = Mutex(name) }

    var current: DeviceName { name.withLock { $0 } }

    /// - Parameter keep: keeps it for the next start; what it throws leaves the name as it was.
    func change(to new: DeviceName, keeping keep: () throws -> Void) rethrows {
        try name.withLock { name in
            try keep()
            name = new
        }
    }
}
