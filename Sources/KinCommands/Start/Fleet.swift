import KinDaemon
import KinIdentity
import KinWire
import Logging
import ServiceLifecycle
import Synchronization

/// The daemons of all meshes this machine is in, in one process. One that ends by itself does not end the others.
final class Fleet: Service {
    private let daemons: [(mesh: MeshFolder, daemon: KinDaemon)]
    private let output: Output
    /// What went wrong first.
    private let failure: Mutex<KinError?>

    /// - Throws: `no_wallet`, `too_many_meshes`.
    init(_ starting: DaemonStart, _ home: StateFolder, _ remark: StartRemark?) throws {
        let meshes = home.meshes()
        guard !meshes.isEmpty else { throw Installation.missing(home) }
        let limit = try DaemonSettings(reading: home).maxDaemons
        guard meshes.count <= limit else {
            throw KinError(
                "too_many_meshes",
                "this machine is in \(meshes.count) meshes, and [fleet] max_daemons in \(home.configPath) is \(limit): raise it, or start them one by one with --mesh",
                category: .usage)
        }
        var (daemons, failure) = ([(mesh: MeshFolder, daemon: KinDaemon)](), KinError?.none)
        for mesh in meshes {
            do {
                let options = starting.options(StateFolder(root: home.root, mesh: mesh))
                daemons.append((mesh, try starting.open(options, remark: remark).daemon))
            } catch {
                failure = failure ?? Self.say(error, mesh, starting.output)
            }
        }
        self.daemons = daemons
        self.failure = Mutex(failure)
        output = starting.output
    }

    /// Runs until graceful shutdown, or until none is left.
    /// - Throws: the first failure of any, once all have ended.
    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            for (mesh, daemon) in daemons {
                group.addTask { [self] in
                    do { try await daemon.run() } catch {
                        failure.withLock { $0 = $0 ?? Self.say(error, mesh, output) }
                    }
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    private static func say(_ error: any Error, _ mesh: MeshFolder, _ output: Output) -> KinError {
        var error = KinError(reporting: error)
        // What the message says to run is to be run for that mesh.
        error.message = mesh.isHome ? error.message : "\(error.message) (with KINDRED_MESH=\(mesh))"
        output.failure(error)
        return error
    }
}
