import KinCalls
import KinClient
import KinCrypto
import KinEncoding
import KinLink
import KinTerminal
import NIOPosix

/// What this device answers other devices, and how it reaches them.
struct LinkParts: Sendable {
    let listener: AnsweringLinks
    let runner: LinkRunner
    /// Answers the local API's calls.
    let router: CallRouter
    let terminals: TerminalRunner
    let files: RemoteFiles

    init(_ home: DaemonHome, _ membership: MembershipParts) {
        let (installed, family, now) = (home.installation, home.family, home.now)
        let revocations = membership.revocations.ledger
        var operations = Operations()
        DeviceOperations(installation: installed, name: home.name, now: now).register(in: &operations)
        terminals = TerminalRunner(terminals: Self.terminals(home))
        TerminalOperations(terminals: terminals.terminals).register(in: &operations)
        files = RemoteFiles(home)
        FileOperations(files: files.files).register(in: &operations)
        let responder = NodeResponder(operations: operations)
        let exchange = membership.exchange
        let credentials = { @Sendable in
            LinkCredentials(
                chain: installed.chain, key: installed.keys.sealing, revocations: revocations,
                newest: { family.known($0) }, stated: { exchange.stated($0, by: $1) })
        }
        let dialler = LinkDialler(
            servers: home.servers, routeID: installed.wallet.routeID, tls: home.tls,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), credentials: credentials,
            shown: { machine in family.withDirectory { $0.servers(of: machine) } }, now: now)
        let outgoing = OutgoingLinks(dialler, answering: responder, metrics: home.metrics, logger: home.logger)
        let table = LinkTable(now: now)
        listener = AnsweringLinks(
            table, credentials: credentials, key: installed.keys.sealing.publicKey, answering: responder,
            metrics: home.metrics, logger: home.logger, now: now)
        runner = LinkRunner(
            table: table, outgoing: outgoing,
            isMember: { peer in
                !peer.hasEnded(by: now()) && revocations.current.entries(revoking: peer.chain).isEmpty
            })
        router = CallRouter(operations: operations, links: outgoing, family: family, now: now)
        membership.revocations.onChange { [runner] in runner.sweep() }
    }

    private static func terminals(_ home: DaemonHome) -> Terminals {
        let (environment, now) = (home.options.environment, home.now)
        return Terminals(
            limits: home.settings.terminals.limits, account: .current(environment: environment),
            environment: environment, now: now,
            newID: { ULID(milliseconds: now(), randomness: Random.bytes(10)) })
    }
}
