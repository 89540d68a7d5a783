import AsyncHTTPClient
import KinClient
import KinMailbox

/// What takes messages and files in on this machine, brings them away, and takes in what comes.
struct DeliveryParts: Sendable {
    let acceptance: Acceptance
    let addressing: Addressing
    let outgoing: Outgoing
    let receipts: Receipts
    let incoming: Incoming
    let refill: InboxRefill
    let files: FileService
    let enclosed: EnclosedMail
    let successions: SuccessionKeeper
    let upkeep: StoreUpkeep

    init(
        _ home: DaemonHome, _ membership: MembershipParts, awaited: AwaitedAnswers, board: StatusBoard,
        http: HTTPClient
    ) {
        let (inbox, outbox, family, logger, now) = (home.inbox, home.outbox, home.family, home.logger, home.now)
        let (metrics, days) = (home.metrics, home.settings.inbox.maxAgeDays)
        let (server, keys, mesh) = (home.servers[0], home.installation.keys, home.installation.mesh)
        let blobClient = { @Sendable mesh in BlobClient(http: http, server: server, mesh: mesh, keys: keys, now: now) }
        let uploads = EnclosureUploads(
            blob: BlobUpload(client: blobClient(mesh), metrics: metrics), mesh: mesh, keys: keys, outbox: outbox,
            logger: logger)
        let outgoing = Outgoing(
            outbox: outbox,
            sealing: OutboxSealing(
                sealer: membership.sealer, topicSealer: membership.topicSealer, topics: home.topics, family: family,
                name: home.name, me: home.me, revocations: membership.revocations.ledger,
                limits: home.settings.outbox, uploads: uploads),
            family: family, awaited: awaited, keys: membership.keys, metrics: metrics, logger: logger, now: now)
        self.outgoing = outgoing
        uploads.onEnd { [weak outgoing] in outgoing?.due($0) }
        upkeep = StoreUpkeep(
            outbox: outbox, inbox: inbox, files: home.files, inboxDays: days,
            expire: { outgoing.expireWhileAway() }, logger: logger, now: now)
        receipts = Receipts(inbox: inbox, control: membership.control, family: family, logger: logger, now: now)
        acceptance = Acceptance(
            outbox: outbox, keys: home.installation.keys, me: home.me, name: home.name,
            inlineBytes: { board.inlineBytes }, blobBytes: { board.blobBytes },
            accepted: { row in
                metrics.sent.add()
                outgoing.accepted(row)
            }, now: now)
        addressing = Addressing(family: family, topics: home.topics)
        files = FileService(home, acceptance, addressing, board, client: blobClient)
        successions = SuccessionKeeper(
            home.installation, file: home.succession, seen: home.seen, family: family,
            mail: SuccessionMail(acceptance: acceptance), events: home.events, logger: logger, now: now)
        let opener = PushOpener(
            sealer: membership.sealer, topicSealer: membership.topicSealer, topics: home.topics, family: family,
            revocations: membership.exchange)
        let enclosed = EnclosedMail(inbox: inbox, metrics: metrics, logger: logger, now: now) {
            // It has its own times for trying again.
            FileDownload(client: blobClient($0), metrics: metrics, patience: .zero)
        }
        self.enclosed = enclosed
        refill = InboxRefill(
            inbox: inbox, opener: opener, enclosed: enclosed, member: home.me.member, days: days, metrics: metrics,
            logger: logger,
            now: now)
        incoming = Incoming(
            inbox: inbox, outbox: outbox, opener: opener, family: family, receipts: receipts,
            revocations: membership.exchange, successions: successions,
            topics: TopicMail(exchange: membership.keys, profiles: membership.profiles, family: family),
            enclosed: enclosed, events: home.events, metrics: metrics, logger: logger, now: now)
        enclosed.onArrivals { [weak incoming] in incoming?.settled($0) }
        membership.keys.onKeys { [weak outgoing, weak incoming, weak mail = membership.mail] topic, epochs in
            outgoing?.keyCame(topic)
            mail?.keyCame()
            if !epochs.isEmpty { incoming?.keyCame(topic) }
        }
    }
}
