import Foundation
import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinMailbox
import KinSession
import KinWire
import Logging
import NIOSSL

/// What a daemon opens on its machine before it dials anybody: who it is, how it is set, what it keeps. All of a start that can fail.
///
/// Whoever keeps it keeps the home locked: parts take from it what they need.
struct DaemonHome: Sendable {
    let options: DaemonOptions
    let lock: FileLock
    let installation: Installation
    let settings: DaemonSettings
    /// Whether this is the machine the home was made on.
    let host: HostCheck.Verdict
    let name: OwnName
    let me: VerifiedMember
    /// The first is the mesh's broker.
    let servers: [ServerAddress]
    let tls: TLSConfiguration

    /// Where the local API is to answer.
    let listen: LocalListen
    let tokens: LocalTokens
    let refused: RefusedRequests
    let metrics: DaemonMetrics
    let events: EventHub

    let outbox: OutboxStore
    let inbox: InboxStore
    let files: FileStore
    let family: Family
    let topics: TopicBook
    let profiles: ProfileFile
    let succession: SuccessionFile
    let seen: KnownMembers
    let meshSettings: MeshSettingsKeeper

    let logger: Logger
    var state: StateFolder { options.state }
    /// The names under which the family's devices register at relays, this one's among them.
    var routes: [String] {
        let wallet = installation.wallet
        return [wallet.routeID] + (options.miranda ? [wallet.address.description] : [])
    }
    /// Milliseconds.
    var now: @Sendable () -> Int64 { options.now }

    /// - Parameter former: the home as it was in the mesh before, whose daemon is closed: this one goes on in its place.
    init(_ options: DaemonOptions, continuing former: DaemonHome?, logger: Logger) throws {
        let (state, now) = (options.state, options.now)
        self.options = options
        self.logger = logger
        var installed = try options.installation()
        lock = try former?.lock ?? DaemonPaths.lock(state)
        if try SuccessionSwitch(state, now: now()).finish() {
            installed = try Installation(state)
            logger.notice("wallet_succeeded", metadata: ["mesh": .string(installed.mesh.description)])
        }
        installation = installed
        if options.miranda, installed.wallet.recordKey == nil {
            throw KinError(
                "phrase_needed",
                "this machine joined without the recovery phrase, and Miranda reads only what is sealed by it: leave --miranda out",
                category: .refused)
        }
        settings = try Self.settings(options)
        host = try HostCheck(state, reader: options.host).run(settings.clonePolicy)
        metrics = former?.metrics ?? DaemonMetrics()
        refused = former?.refused ?? RefusedRequests(metrics.ipcRefused, logger: logger)
        listen = options.listen ?? settings.localAPI.listen ?? options.listenUnlessSaid
        tokens = former?.tokens ?? LocalTokens(path: DaemonPaths.token(in: state))
        if former == nil, listen != .socketOnly { try tokens.prepare() }
        if host == .differs {
            // The same start goes on in the mesh of another wallet.
            if former == nil { metrics.clones.add() }
            logger.warning("clone_suspected", metadata: ["policy": .string("\(settings.clonePolicy)")])
        }
        name = OwnName(settings.name ?? DeviceName.ofHost(ProcessInfo.processInfo.hostName))
        me = try Self.member(installed, now: now())
        servers = try Self.servers(settings)
        tls = try TrustRoots.tls(options.trustRoots)
        events = former?.events ?? EventHub()
        outbox = try Self.outbox(state, settings.outbox, events, logger)
        inbox = try Self.inbox(state, settings.inbox, logger, now: now())
        files = try Self.fileStore(state, logger, now: now())
        family = try Self.family(installed, now: now())
        succession = try SuccessionFile(reading: state)
        topics = try TopicBook(installed, logger: logger, now: now())
        profiles = installed.isEphemeral ? ProfileFile() : try ProfileFile(reading: state)
        seen = try KnownMembers(reading: KnownMembers.path(in: state))
        meshSettings = try MeshSettingsKeeper(
            installed, family: family, counters: metrics.inbound, logger: logger, now: now)
    }
}
