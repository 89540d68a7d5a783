import AsyncHTTPClient
import Foundation
import Hummingbird
import KinClient
import KinCrypto
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinMailbox
import KinSession
import KinVault
import KinWire
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Everything a daemon is made of, wired together.
struct DaemonCore: Sendable {
    let state: StateFolder
    let mesh: MeshRunner
    let registrations: [RegistrationRunner]
    let directory: DirectoryRunner
    let events: EventHub
    let metrics: DaemonMetrics
    let revocations: RevocationKeeper
    let successions: SuccessionKeeper
    let vault: VaultService
    let upkeep: StoreUpkeep
    /// Whether this is the machine the home was made on.
    let host: HostCheck.Verdict
    /// Whether everything of it goes with the process.
    let isEphemeral: Bool
    /// When this device's certificate is over, milliseconds; nil: never.
    let certificateEnd: Int64?
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    private let lock: FileLock
    private let routes: DaemonRoutes
    private let outbox: OutboxStore
    private let inbox: InboxStore
    private let fileStore: FileStore
    let files: FileShares
    let enclosed: EnclosedMail
    private let http: HTTPClient
    private let localServer: LocalServer?
    private let logger: Logger
    private let localAPISettings: LocalAPISettings
    /// Where the local API is to answer.
    let listen: LocalListen
    private let tcpPort = LocalPort()
    private let refused: RefusedRequests

    /// - Parameter former: the daemon's life in the mesh before, which is closed: this one goes on in its place.
    init(_ options: DaemonOptions, continuing former: DaemonCore? = nil, logger: Logger) throws {
        state = options.state
        self.logger = logger
        let now = options.now
        self.now = now
        let awaited = AwaitedAnswers()
        var installation = try options.installation()
        lock = try former?.lock ?? DaemonPaths.lock(options.state)
        if try SuccessionSwitch(options.state, now: now()).finish() {
            installation = try Installation(options.state)
            logger.notice("wallet_succeeded", metadata: ["mesh": .string(installation.mesh.description)])
        }
        let installed = installation
        isEphemeral = installed.isEphemeral
        certificateEnd = installed.chain.certificate.expiresAt
        let settings = try Self.settings(options)
        host = try HostCheck(options.state, reader: options.host).run(settings.clonePolicy)
        let metrics = former?.metrics ?? DaemonMetrics()
        self.metrics = metrics
        refused = former?.refused ?? RefusedRequests(metrics.ipcRefused, logger: logger)
        localAPISettings = settings.localAPI
        listen = options.listen ?? settings.localAPI.listen ?? options.listenUnlessSaid
        let tokens = former?.routes.tokens ?? LocalTokens(path: DaemonPaths.token(in: options.state))
        if former == nil, listen != .socketOnly { try tokens.prepare() }
        if host == .differs {
            // The same start goes on in the mesh of another wallet.
            if former == nil { metrics.clones.add() }
            logger.warning("clone_suspected", metadata: ["policy": .string("\(settings.clonePolicy)")])
        }
        let name = settings.name ?? DeviceName.ofHost(ProcessInfo.processInfo.hostName)
        let me = try Self.member(installed, now: now())
        let servers = try Self.servers(settings)
        let tls = try TrustRoots.tls(options.trustRoots)
        let events = former?.events ?? EventHub()
        outbox = try OutboxStore(
            path: DaemonPaths.outbox(in: state), maxBytes: settings.outbox.maxBytes,
            pressureHigh: { used, limit in
                logger.warning("outbox_pressure_high", metadata: ["bytes": .stringConvertible(used)])
                let data: [String: JSON] = ["bytes": .integer(used), "max_bytes": .integer(limit)]
                events.publish(DaemonEvent(kind: .outboxPressureHigh, data: .object(data)))
            }
        ) { Random.bytes(8) }
        let opening = try InboxStore.open(
            path: DaemonPaths.inbox(in: state), isIndexed: settings.inbox.isIndexed, now: now())
        inbox = opening.store
        if let path = opening.setAside {
            logger.warning("inbox_corruption_recovered", metadata: ["set_aside": .string(path)])
        }
        fileStore = try Self.fileStore(state, logger, now: now())
        let family = try Self.family(installed, now: now())
        let successionFile = try SuccessionFile(reading: state)
        let book = try TopicBook(installed, logger: logger, now: now())
        let keptProfiles = installed.isEphemeral ? ProfileFile() : try ProfileFile(reading: state)
        let seen = try KnownMembers(reading: KnownMembers.path(in: state))
        let meshSettings = try MeshSettingsKeeper(
            installed, family: family, counters: metrics.inbound, logger: logger, now: now)
        // Nothing throws from here on: a client that is not shut down traps.
        http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: .relays(tls))
        localServer =
            settings.servers.isEmpty
            ? LocalServer(
                state: state, executable: installed.isEphemeral ? nil : options.executable, http: http, logger: logger)
            : nil

        self.events = events
        let board = StatusBoard(servers: servers, now: now)
        let sealer = DirectSealer(chain: installed.chain, keys: installed.keys)
        let topicSealer = TopicSealer(chain: installed.chain, keys: installed.keys)
        let control = ControlMessage(
            sealer: sealer, topicSealer: topicSealer, me: me, name: name, revocations: installed.revocations,
            awaited: awaited)
        let keeper = RevocationKeeper(
            installed, family: family, events: events, counters: metrics.inbound, logger: logger, now: now)
        revocations = keeper
        let exchange = RevocationExchange(
            keeper: keeper, control: control, events: events, counters: metrics.inbound, logger: logger, now: now)
        let mail = ControlMail(control: control, family: family, topics: book, now: now)
        let topicBroker = TopicBroker(now: now)
        let keys = KeyExchange(
            book: book, broker: topicBroker, mail: mail, family: family, me: me, metrics: metrics, logger: logger,
            now: now)
        mail.onKeyMissing { [weak keys] in keys?.need($0) }
        let topics = TopicKeeper(
            installed, book: book, broker: topicBroker, exchange: keys, family: family, counters: metrics.inbound,
            logger: logger, now: now)
        keeper.onChange { topics.revoked() }
        let blobClient = { @Sendable [http] mesh in
            BlobClient(http: http, server: servers[0], mesh: mesh, keys: installed.keys, now: now)
        }
        let uploads = EnclosureUploads(
            blob: BlobUpload(client: blobClient(installed.mesh), metrics: metrics), mesh: installed.mesh,
            keys: installed.keys, outbox: outbox, logger: logger)
        let outgoing = Outgoing(
            outbox: outbox,
            sealing: OutboxSealing(
                sealer: sealer, topicSealer: topicSealer, topics: book, family: family, name: name, me: me,
                revocations: keeper.ledger, limits: settings.outbox, uploads: uploads),
            family: family, awaited: awaited, keys: keys, metrics: metrics, logger: logger, now: now)
        uploads.onEnd { [weak outgoing] in outgoing?.due($0) }
        upkeep = StoreUpkeep(
            outbox: outbox, inbox: inbox, files: fileStore, inboxDays: settings.inbox.maxAgeDays,
            expire: { outgoing.expireWhileAway() }, logger: logger, now: now)
        let receipts = Receipts(inbox: inbox, control: control, family: family, logger: logger, now: now)
        let acceptance = Acceptance(
            outbox: outbox, keys: installed.keys, me: me, name: name, inlineBytes: { board.inlineBytes },
            blobBytes: { board.blobBytes },
            accepted: { row in
                metrics.sent.add()
                outgoing.accepted(row)
            }, now: now)
        let addressing = Addressing(family: family, topics: book)
        let fileService = Self.fileService(
            installed, fileStore, inbox, outbox, acceptance, addressing, board, metrics, events, logger, now: now,
            client: blobClient)
        files = fileService.shares
        let successions = SuccessionKeeper(
            installed, file: successionFile, seen: seen, family: family, mail: SuccessionMail(acceptance: acceptance),
            events: events, logger: logger, now: now)
        self.successions = successions
        let presence = Presence(family: family, events: events, now: now)
        let profiles = ProfileBook(
            installed, kept: keptProfiles, name: name, mail: mail, family: family, presence: presence, events: events,
            logger: logger, now: now)
        let opener = PushOpener(
            sealer: sealer, topicSealer: topicSealer, topics: book, family: family, revocations: exchange)
        let enclosed = EnclosedMail(inbox: inbox, metrics: metrics, logger: logger, now: now) {
            // It has its own times for trying again.
            FileDownload(client: blobClient($0), metrics: metrics, patience: .zero)
        }
        self.enclosed = enclosed
        let refill = InboxRefill(
            inbox: inbox, opener: opener, enclosed: enclosed, member: me.member, days: settings.inbox.maxAgeDays,
            metrics: metrics,
            logger: logger, now: now)
        let incoming = Incoming(
            inbox: inbox, outbox: outbox, opener: opener, family: family,
            receipts: receipts, revocations: exchange, successions: successions,
            topics: TopicMail(exchange: keys, profiles: profiles, family: family), enclosed: enclosed, events: events,
            metrics: metrics,
            logger: logger, now: now)
        enclosed.onArrivals { [weak incoming] in incoming?.settled($0) }
        keys.onKeys { [weak outgoing, weak incoming, weak mail] topic, epochs in
            outgoing?.keyCame(topic)
            mail?.keyCame()
            if !epochs.isEmpty { incoming?.keyCame(topic) }
        }
        let directory = DirectoryRunner(
            servers: servers, reader: RegistryReader(http: http, routeID: installed.wallet.routeID), family: family,
            revocations: exchange, state: state, events: events, logger: logger, now: now)
        self.directory = directory
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        mesh = MeshRunner(
            server: servers[0],
            identity: {
                MeshIdentity(
                    chain: installed.chain, keys: installed.keys, credential: installed.credential,
                    revocationHead: keeper.ledger.head, requiredFeatures: settings.features.required,
                    optionalFeatures: settings.features.asked)
            }, features: settings.features, tls: tls, eventLoop: eventLoop, localServer: localServer,
            parts: MeshParts(
                family: family, outgoing: outgoing, incoming: incoming, refill: refill, receipts: receipts,
                revocations: exchange, successions: successions, settings: meshSettings, topics: topics, mail: mail,
                presence: presence, profiles: profiles,
                storeIdentity: { Self.storeIdentity($0, installed) }, board: board, awaited: awaited,
                events: events, metrics: metrics, lookAround: { directory.lookSoon() }, now: now),
            logger: logger)
        registrations = servers.map { server in
            RegistrationRunner(
                server: server, installation: installed, name: name, tls: tls, eventLoop: eventLoop, board: board,
                logger: logger, now: now, onRegistered: { directory.lookSoon() })
        }
        // The record states where the log stands.
        keeper.onChange { [registrations] in for registration in registrations { registration.republish() } }
        let vault = VaultService(limits: settings.vault.limits, now: now)
        self.vault = vault
        routes = DaemonRoutes(
            sending: Sending(
                acceptance: acceptance, addressing: addressing, outgoing: outgoing,
                known: metrics.knownLocal), receipts: receipts,
            revoking: Revoking(
                installation: installed, family: family, keeper: keeper, exchange: exchange, now: now),
            successions: successions, settings: meshSettings, topics: topics, presence: presence,
            profiles: profiles, vault: VaultRoutes(vault: vault), files: fileService, family: family,
            directory: directory, inbox: inbox, outbox: outbox, events: events, board: board, metrics: metrics,
            figures: DaemonFigures(
                board: board, outbox: outbox, events: events, folder: options.state.daemon(), now: now),
            isOnAnotherHost: host == .differs, ephemeral: isEphemeral ? .init(endsAt: options.endsAt) : nil,
            logger: logger, now: now,
            tokens: tokens, compatibility: .own(requiring: settings.features.required.map(\.rawValue)),
            version: { [tcpPort] in
                var version = DaemonVersion(
                    daemonVersion: KinVersion.current, mesh: installed.mesh, member: me.member,
                    machineID: installed.machineID, name: name, brokerFeatures: board.features)
                version.features = DaemonRoutes.features
                version.tcpPort = tcpPort.value
                return version
            })
    }

    func version() -> DaemonVersion { routes.version() }

    /// Until cancelled.
    /// - Throws: `store_corrupt` once a store turns out to be damaged: going on would fail for ever.
    func waitForDamage() async throws {
        let (damage, continuation) = AsyncStream.makeStream(of: KinError.self, bufferingPolicy: .bufferingOldest(1))
        outbox.onDamage { continuation.yield($0) }
        inbox.onDamage { continuation.yield($0) }
        fileStore.onDamage { continuation.yield($0) }
        for await error in damage { throw error }
    }

    /// The local API, on its Unix socket and where else it is wanted.
    /// - Parameter onReady: called once, when it answers everywhere.
    func localAPI(onReady: @escaping @Sendable () -> Void) throws -> LocalAPI {
        let path = DaemonPaths.socket(in: state)
        // sun_path holds 108 bytes on Linux and 104 on macOS, its end mark included.
        guard path.utf8.count < 104 else {
            throw KinError(
                "socket_path_too_long", "\(path) is too long for a Unix socket: set KINDRED_HOME to a shorter path",
                category: .usage)
        }
        var places: [LocalListener.Place] = [.socket(path: path)]
        if case .tcp(let port) = listen { places.append(.tcp(port: port)) }
        let ready = LocalListeners(places.count, onReady: onReady)
        let (state, tcpPort) = (state, tcpPort)
        let table = RouteTable(DaemonRoutes.table)
        let listeners = places.map { place in
            LocalListener(place: place, responder: responder(place, table)) { port in
                if let port {
                    tcpPort.value = port
                    try? StateFolder.write(Array("\(port)\n".utf8), to: DaemonPaths.port(in: state), mode: 0o644)
                }
                ready.oneIsReady()
            }
        }
        return LocalAPI(listeners, events: events)
    }

    private func responder(_ place: LocalListener.Place, _ table: RouteTable) -> LocalResponder {
        let isSocket = if case .socket = place { true } else { false }
        return LocalResponder(
            routes: routes, table: table,
            gate: RequestGate(
                listener: isSocket ? .socket : .tcp, tokens: routes.tokens, settings: localAPISettings,
                flow: RequestFlow(isSocket ? .socket : .tcp), now: now),
            refused: refused, requests: metrics.requests, logger: logger)
    }

    /// Waits until this device's certificate is over: what it sends from then on nobody takes.
    /// - Throws: `certificate_ended` then.
    func waitForCertificate(until end: Int64) async throws {
        while now() < end {
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
            let waiting = try outbox.depth().pending + fileStore.waiting().count
            guard waiting > 0, ContinuousClock.now < deadline, !Task.isCancelled else { return waiting }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    func close() async {
        outbox.close()
        inbox.close()
        fileStore.close()
        localServer?.stop()
        try? await http.shutdown()
        unlink(DaemonPaths.socket(in: state))
        unlink(DaemonPaths.port(in: state))
    }
}

/// The port of the local API, once it is known.
private final class LocalPort: Sendable {
    private let port = Mutex<Int?>(nil)

    var value: Int? {
        get { port.withLock { $0 } }
        set { port.withLock { $0 = newValue } }
    }
}
