import AsyncHTTPClient
import KinClient
import KinCrypto
import KinIdentity
import KinMailbox
import KinWire
import NIOPosix

/// What keeps this device connected: with the mesh's broker, with relays, and by reading who is registered there.
struct ConnectionParts: Sendable {
    let directory: DirectoryRunner
    let mesh: MeshRunner
    let registrations: [RegistrationRunner]

    init(
        _ home: DaemonHome, _ membership: MembershipParts, _ delivery: DeliveryParts, links: any LinkListener,
        awaited: AwaitedAnswers, board: StatusBoard, http: HTTPClient, localServer: LocalServer?
    ) {
        let (installed, logger, now) = (home.installation, home.logger, home.now)
        let directory = DirectoryRunner(
            servers: home.servers, reader: RegistryReader(http: http, routes: home.routes),
            family: home.family, revocations: membership.exchange, state: home.state, events: home.events,
            metrics: home.metrics, logger: logger, now: now)
        self.directory = directory
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        mesh = MeshRunner(
            server: home.servers[0], identity: Self.identity(home, membership.revocations),
            features: home.settings.features, tls: home.tls, eventLoop: eventLoop, localServer: localServer,
            parts: MeshParts(
                family: home.family, outgoing: delivery.outgoing, files: delivery.files.shares,
                incoming: delivery.incoming,
                refill: delivery.refill, receipts: delivery.receipts, revocations: membership.exchange,
                successions: delivery.successions, settings: home.meshSettings, topics: membership.topics,
                mail: membership.mail, presence: membership.presence, profiles: membership.profiles,
                storeIdentity: { Self.storeIdentity($0, installed) },
                neverAdmitted: Self.refusal(of: home.outbox), board: board, awaited: awaited,
                events: home.events, metrics: home.metrics, lookAround: { directory.lookSoon() }, now: now),
            logger: logger)
        // Whoever knows the wallet's address, and that is no secret, can look and ask for links there: none is taken up.
        let places = home.routes.enumerated().flatMap { index, route in
            let (board, links) = index == 0 ? (board, links) : (StatusBoard(servers: home.servers, now: now), nil)
            return home.servers.map { (route: route, server: $0, board: board, links: links) }
        }
        registrations = places.map { place in
            RegistrationRunner(
                server: place.server, route: place.route, installation: installed, name: home.name, tls: home.tls,
                eventLoop: eventLoop, board: place.board, logger: logger, now: now, links: place.links,
                onRegistered: { directory.lookSoon() })
        }
        // The record states where the log stands.
        membership.revocations.onChange(republish)
    }

    /// Has every relay show this device's record anew.
    var republish: @Sendable () -> Void {
        { [registrations] in for registration in registrations { registration.republish() } }
    }

    private static func identity(
        _ home: DaemonHome, _ revocations: RevocationKeeper
    ) -> @Sendable () -> MeshIdentity {
        let (installed, features) = (home.installation, home.settings.features)
        return {
            MeshIdentity(
                chain: installed.chain, keys: installed.keys, credential: installed.credential,
                revocationHead: revocations.ledger.head, requiredFeatures: features.required,
                optionalFeatures: features.asked)
        }
    }

    /// Who was let in once is not sent away by a server that lost its store and counts a credential's uses anew; who never was does not get in
    /// by trying again.
    private static func refusal(of outbox: OutboxStore) -> @Sendable (MeshEnd) -> KinError? {
        { end in
            guard case .refused(let code, let message) = end,
                ["credential_needed", "credential_used_up"].contains(code),
                (try? outbox.hasMetBroker()) == false
            else { return nil }
            return KinError(
                code, "\(message). This machine is not let in:  kin wallet forget , then join again by the new one",
                category: .refused)
        }
    }

    /// A mesh that followed another is another store, though one server has both: what was relayed in the mesh before and is not known to
    /// have arrived is sent again.
    private static func storeIdentity(_ store: [UInt8], _ installation: Installation) -> [UInt8] {
        guard installation.previous != nil else { return store }
        return Array(Digest.sha256(store + Array(installation.mesh.description.utf8)).prefix(16))
    }
}
