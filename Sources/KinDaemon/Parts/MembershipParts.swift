import KinSession

/// Who belongs to the mesh and to its topics, who of them is there, and what daemons tell each other about it.
struct MembershipParts: Sendable {
    let sealer: DirectSealer
    let topicSealer: TopicSealer
    let control: ControlMessage
    let mail: ControlMail
    let revocations: RevocationKeeper
    let exchange: RevocationExchange
    let keys: KeyExchange
    let topics: TopicKeeper
    let presence: Presence
    let profiles: ProfileBook

    init(_ home: DaemonHome, awaited: AwaitedAnswers) {
        let (installed, family, logger, now) = (home.installation, home.family, home.logger, home.now)
        let counters = home.metrics.inbound
        sealer = DirectSealer(chain: installed.chain, keys: installed.keys)
        topicSealer = TopicSealer(chain: installed.chain, keys: installed.keys)
        control = ControlMessage(
            sealer: sealer, topicSealer: topicSealer, me: home.me, name: home.name,
            revocations: installed.revocations, awaited: awaited)
        revocations = RevocationKeeper(
            installed, family: family, events: home.events, counters: counters, logger: logger, now: now)
        exchange = RevocationExchange(
            keeper: revocations, control: control, events: home.events, counters: counters, logger: logger, now: now)
        mail = ControlMail(control: control, family: family, topics: home.topics, logger: logger, now: now)
        let topicBroker = TopicBroker(now: now)
        let lists = TopicLists(installation: installed, book: home.topics, family: family, now: now)
        keys = KeyExchange(
            book: home.topics, broker: topicBroker, mail: mail, family: family, lists: lists, me: home.me,
            metrics: home.metrics, logger: logger, now: now)
        mail.ask(keys)
        topics = TopicKeeper(
            installed, book: home.topics, broker: topicBroker, exchange: keys, lists: lists, family: family,
            counters: counters, logger: logger, now: now)
        revocations.onChange { [topics] in topics.revoked() }
        presence = Presence(family: family, events: home.events, now: now)
        family.know(presence: { [weak presence] member in presence?.read { $0(member) } ?? .unknown })
        profiles = ProfileBook(
            installed, kept: home.profiles, name: home.name, mail: mail, family: family, presence: presence,
            events: home.events, logger: logger, now: now)
    }
}
