import KinFileAccess
import KinWire
import Logging

/// The files that this machine opens to others of its family, and the cleaning up after them.
struct RemoteFiles: Sendable {
    let files: RootedFiles
    let logger: Logger
    /// Milliseconds.
    let now: @Sendable () -> Int64

    init(_ home: DaemonHome) {
        let folder = home.options.homeFolder
        // Keys lie in the home: no scope of anybody's opens it.
        files = RootedFiles(
            roots: home.settings.remoteFiles.roots(home: folder), home: folder, closed: [home.state.root],
            ledger: home.state.daemon() + "/parts")
        logger = home.logger
        now = home.now
    }

    /// Takes abandoned parts away, each hour, until cancelled.
    func run() async {
        while !Task.isCancelled {
            if let count = try? await files.sweep(now: now()), count > 0 {
                logger.info("parts_swept", metadata: ["count": .stringConvertible(count)])
            }
            try? await Task.sleep(for: .seconds(3600))
        }
    }
}
