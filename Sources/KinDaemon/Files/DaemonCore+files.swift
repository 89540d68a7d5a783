import KinClient
import KinDaemonAPI
import KinIdentity
import KinMailbox
import KinWire
import Logging

// What shares and fetches files.

extension DaemonCore {
    static func fileStore(_ state: StateFolder, _ logger: Logger, now: Int64) throws -> FileStore {
        let opening = try FileStore.open(path: DaemonPaths.files(in: state), now: now)
        if let path = opening.setAside {
            logger.warning("files_corruption_recovered", metadata: ["set_aside": .string(path)])
        }
        return opening.store
    }

    /// - Parameter client: for the files of a mesh.
    static func fileService(
        _ installation: Installation, _ store: FileStore, _ inbox: InboxStore, _ outbox: OutboxStore,
        _ acceptance: Acceptance, _ addressing: Addressing, _ board: StatusBoard, _ metrics: DaemonMetrics,
        _ events: EventHub, _ logger: Logger, now: @escaping @Sendable () -> Int64,
        client: @escaping @Sendable (MeshID) -> BlobClient
    ) -> FileService {
        let progress = TransferBoard(now: now)
        let own = client(installation.mesh)
        let told = ShareNews(events: events)
        let shares = FileShares(
            store: store,
            upload: FileUpload(
                blob: BlobUpload(client: own, metrics: metrics), mesh: installation.mesh, store: store,
                progress: progress),
            client: own, acceptance: acceptance, board: board, metrics: metrics, logger: logger, now: now,
            changed: { told.tell($0) })
        let service = FileService(
            store: store, shares: shares,
            fetching: FileFetching(inbox: inbox, progress: progress, metrics: metrics, logger: logger) {
                FileDownload(client: client($0), metrics: metrics)
            },
            acceptance: acceptance, addressing: addressing, inbox: inbox, outbox: outbox, progress: progress,
            blobBytes: { board.blobBytes }, now: now)
        told.show { try? service.info($0) }
        return service
    }
}
