import KinBroker
import Logging
import Synchronization

/// Deletes blobs whose time is over, and what a crash left: files without rows, rows without files.
final class BlobSweep: Sendable {
    /// Seconds between two looks for what is over.
    private static let interval = 60
    private static let batch = 256

    private let store: any BrokerStore
    private let files: BlobFiles
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let ticks = Mutex(0)

    init(store: any BrokerStore, files: BlobFiles, logger: Logger, now: @escaping @Sendable () -> Int64) {
        self.store = store
        self.files = files
        self.logger = logger
        self.now = now
    }

    /// Before anything is served: nothing is under way.
    func start() {
        do {
            var count = 0
            for place in files.places() where try store.blob(place) == nil {
                try files.remove(place)
                count += 1
            }
            if count > 0 { logger.info("blobs_without_owner_deleted", metadata: ["count": .stringConvertible(count)]) }
        } catch {
            logger.error("blobs_not_swept", metadata: ["error": .string("\(error)")])
        }
    }

    /// Called every second.
    func tick() async {
        let isDue = ticks.withLock { ticks in
            ticks += 1
            return ticks % Self.interval == 1
        }
        if isDue { await expire() }
    }

    func expire() async {
        do {
            var count = 0
            while true {
                let time = now()
                let over = try store.expiredBlobs(at: time, limit: Self.batch)
                for place in over {
                    // A file whose row is gone is found at the next start; a row without its file would be offered.
                    guard try await store.removeBlob(place, expiredBy: time) else { continue }
                    try await BlobIntake.disk { [files] in try files.remove(place) }
                }
                count += over.count
                if over.count < Self.batch { break }
            }
            if count > 0 { logger.info("blobs_expired", metadata: ["count": .stringConvertible(count)]) }
        } catch {
            logger.error("blobs_not_swept", metadata: ["error": .string("\(error)")])
        }
    }
}
