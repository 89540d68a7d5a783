import AsyncHTTPClient
import Foundation
import KinDaemonAPI
import KinIdentity
import KinMailbox
import KinVault
import KinWire
import Logging
import NIOPosix

/// Everything a daemon is made of, wired together.
struct DaemonCore: Sendable {
    private let home: DaemonHome
    private let delivery: DeliveryParts
    private let routes: DaemonRoutes
    private let http: HTTPClient
    private let localServer: LocalServer?
    private let tcpPort = LocalPort()

    let mesh: MeshRunner
    let registrations: [RegistrationRunner]
    let directory: DirectoryRunner
    let revocations: RevocationKeeper
    let vault: VaultService
    let links: LinkRunner
    let terminals: TerminalRunner
    let remoteFiles: RemoteFiles

    /// - Parameter former: the daemon's life in the mesh before, which is closed: this one goes on in its place.
    init(_ options: DaemonOptions, continuing former: DaemonCore? = nil, logger: Logger) throws {
        let home = try DaemonHome(options, continuing: former?.home, logger: logger)
        // Nothing throws from here on: a client that is not shut down traps.
        let http = HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: .relays(home.tls))
        let localServer = LocalServer(for: home, http: http)
        let awaited = AwaitedAnswers()
        let board = StatusBoard(servers: home.servers, now: home.now)
        let membership = MembershipParts(home, awaited: awaited)
        let delivery = DeliveryParts(home, membership, awaited: awaited, board: board, http: http)
        let links = LinkParts(home, membership)
        let connections = ConnectionParts(
            home, membership, delivery, links: links.listener, awaited: awaited, board: board, http: http,
            localServer: localServer)
        let vault = VaultService(limits: home.settings.vault.limits, now: home.now)
        routes = DaemonRoutes(
            home, membership, delivery, connections,
            calls: LocalCalls(router: links.router, now: home.now),
            board: board, vault: vault,
            port: { [tcpPort] in tcpPort.value })
        self.home = home
        self.delivery = delivery
        self.http = http
        self.localServer = localServer
        self.vault = vault
        self.links = links.runner
        terminals = links.terminals
        remoteFiles = links.files
        mesh = connections.mesh
        registrations = connections.registrations
        directory = connections.directory
        revocations = membership.revocations
    }

    var state: StateFolder { home.state }
    /// Whether this is the machine the home was made on.
    var host: HostCheck.Verdict { home.host }
    /// Where the local API is to answer.
    var listen: LocalListen { home.listen }
    /// Whether everything of it goes with the process.
    var isEphemeral: Bool { home.installation.isEphemeral }
    /// When this device's certificate is over, milliseconds; nil: never.
    var certificateEnd: Int64? { home.installation.chain.certificate.expiresAt }
    var events: EventHub { home.events }
    var successions: SuccessionKeeper { delivery.successions }
    var upkeep: StoreUpkeep { delivery.upkeep }
    var files: FileShares { delivery.files.shares }
    var enclosed: EnclosedMail { delivery.enclosed }

    func version() -> DaemonVersion { routes.version() }

    /// Until cancelled.
    /// - Throws: `store_corrupt` once a store turns out to be damaged: going on would fail for ever.
    func waitForDamage() async throws {
        let (damage, continuation) = AsyncStream.makeStream(of: KinError.self, bufferingPolicy: .bufferingOldest(1))
        home.outbox.onDamage { continuation.yield($0) }
        home.inbox.onDamage { continuation.yield($0) }
        home.files.onDamage { continuation.yield($0) }
        for await error in damage { throw error }
    }

    /// - Parameter onReady: called once, when it answers everywhere.
    /// - Throws: `socket_path_too_long`.
    func localAPI(onReady: @escaping @Sendable () -> Void) throws -> LocalAPI {
        try LocalAPI(home, routes, port: tcpPort, onReady: onReady)
    }

    /// Waits until this device's certificate is over: what it sends from then on nobody takes.
    /// - Throws: `certificate_ended` then.
    func waitForCertificate(until end: Int64) async throws {
        while home.now() < end {
            // Clocks are set, and machines sleep.
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
        }
        throw Self.certificateEnded
    }

    static let certificateEnded = KinError(
        "certificate_ended",
        "this device's certificate is over:  kin wallet forget , then join again with a new credential or approval",
        category: .refused)

    /// How many messages and files have not reached the broker; waits until there are none, but not longer than `patience`.
    /// - Throws: `KinError` where that cannot be read.
    func unsent(within patience: Duration) async throws -> Int {
        let deadline = ContinuousClock.now + patience
        while true {
            // A file that is not whole at the server is a message that is not there.
            let waiting = try home.outbox.depth().pending + home.files.waiting().count
            guard waiting > 0, ContinuousClock.now < deadline, !Task.isCancelled else { return waiting }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    func close() async {
        routes.profiles.flush()
        home.outbox.close()
        home.inbox.close()
        home.files.close()
        localServer?.stop()
        try? await http.shutdown()
        unlink(DaemonPaths.socket(in: state))
        unlink(DaemonPaths.port(in: state))
    }
}
