import KinClient
import KinWire

extension FileService {
    /// What shares and fetches files, of a daemon's parts.
    /// - Parameter client: for the files of a mesh.
    init(
        _ home: DaemonHome, _ acceptance: Acceptance, _ addressing: Addressing, _ board: StatusBoard,
        client: @escaping @Sendable (MeshID) -> BlobClient
    ) {
        let (store, mesh, metrics, logger, now) = (
            home.files, home.installation.mesh, home.metrics, home.logger, home.now
        )
        let progress = TransferBoard(now: now)
        let own = client(mesh)
        let told = ShareNews(events: home.events)
        let shares = FileShares(
            store: store,
            upload: FileUpload(
                blob: BlobUpload(client: own, metrics: metrics), mesh: mesh, store: store, progress: progress),
            client: own, acceptance: acceptance, board: board, metrics: metrics, logger: logger, now: now,
            changed: { told.tell($0) })
        self.init(
            store: store, shares: shares,
            fetching: FileFetching(inbox: home.inbox, progress: progress, metrics: metrics, logger: logger) {
                FileDownload(client: client($0), metrics: metrics)
            },
            acceptance: acceptance, addressing: addressing, inbox: home.inbox, outbox: home.outbox,
            progress: progress, blobBytes: { board.blobBytes }, now: now)
        told.show { [self] in try? info($0) }
    }
}
