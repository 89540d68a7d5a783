import KinClient
import KinDaemonAPI
import KinVault
import KinWire

extension DaemonRoutes {
    /// What serves the local API, of a daemon's parts.
    /// - Parameter port: that the local API is reached at over TCP, once there is one.
    init(
        _ home: DaemonHome, _ membership: MembershipParts, _ delivery: DeliveryParts, _ connections: ConnectionParts,
        calls: LocalCalls, board: StatusBoard, vault: VaultService, port: @escaping @Sendable () -> Int?
    ) {
        let (installed, options, metrics, now) = (home.installation, home.options, home.metrics, home.now)
        let (member, name) = (home.me.member, home.name)
        self.init(
            sending: Sending(
                acceptance: delivery.acceptance, addressing: delivery.addressing, outgoing: delivery.outgoing,
                known: metrics.knownLocal), receipts: delivery.receipts,
            revoking: Revoking(
                installation: installed, family: home.family, keeper: membership.revocations,
                exchange: membership.exchange, now: now),
            successions: delivery.successions, settings: home.meshSettings, topics: membership.topics,
            presence: membership.presence, profiles: membership.profiles, vault: VaultRoutes(vault: vault),
            files: delivery.files, family: home.family, directory: connections.directory,
            naming: Naming(
                installation: installed, name: name, family: home.family, profiles: membership.profiles,
                directory: connections.directory, republish: connections.republish), calls: calls, inbox: home.inbox,
            outbox: home.outbox,
            events: home.events, board: board, metrics: metrics,
            figures: DaemonFigures(
                board: board, outbox: home.outbox, events: home.events, folder: options.state.daemon(), now: now),
            isOnAnotherHost: home.host == .differs,
            ephemeral: installed.isEphemeral ? .init(endsAt: options.endsAt) : nil, logger: home.logger, now: now,
            tokens: home.tokens, compatibility: .own(requiring: home.settings.features.required.map(\.rawValue)),
            version: {
                var version = DaemonVersion(
                    daemonVersion: KinVersion.current, mesh: installed.mesh, member: member,
                    machineID: installed.machineID, name: name.current, brokerFeatures: board.features)
                version.features = DaemonRoutes.features
                version.tcpPort = port()
                return version
            })
    }
}
