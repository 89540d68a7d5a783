import KinClient
import KinCrypto
import KinIdentity
import KinSession
import KinWebSocket
import KinWire
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// Keeps this device's record shown at one relay, under one name of its family.
final class RegistrationRunner: Sendable {
    private let server: ServerAddress
    private let route: String
    private let installation: Installation
    private let name: OwnName
    private let tls: TLSConfiguration
    private let eventLoop: any EventLoop
    private let board: StatusBoard
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let links: (any LinkListener)?
    private let onRegistered: @Sendable () -> Void
    private let open = Mutex<RegistrationLink?>(nil)

    /// - Parameters:
    ///   - route: the name: the family's route id, or the wallet's address.
    ///   - links: takes up what is wanted under that name; nil: nothing is.
    init(
        server: ServerAddress, route: String, installation: Installation, name: OwnName, tls: TLSConfiguration,
        eventLoop: any EventLoop, board: StatusBoard, logger: Logger, now: @escaping @Sendable () -> Int64,
        links: (any LinkListener)?, onRegistered: @escaping @Sendable () -> Void
    ) {
        self.server = server
        self.route = route
        self.installation = installation
        self.name = name
        self.tls = tls
        self.eventLoop = eventLoop
        self.board = board
        self.logger = logger
        self.now = now
        self.links = links
        self.onRegistered = onRegistered
    }

    /// Shows the record anew: something in it changed.
    func republish() { open.withLock { $0 }?.publish() }

    /// Registers, and registers again, until cancelled. After a relay's restart all its devices are back within 5 seconds: none waits for longer
    /// than 2.5.
    func run() async {
        var backoff = Backoff(longest: .seconds(2))
        while !Task.isCancelled {
            let opened = ContinuousClock.now
            let end = await registration()
            if Task.isCancelled { return }
            if ContinuousClock.now - opened >= Self.steady { backoff.reset() }
            // Another daemon of this device has the slot: who takes it back at once takes turns for ever.
            let isReplaced = end.reason == CloseCode.replacedByNewerConnection.reason
            let delay = isReplaced ? Self.afterReplacement : backoff.delay()
            lost(end, retryIn: delay)
            try? await Task.sleep(for: delay)
        }
    }

    /// Says so, where it is news.
    private func lost(_ end: MeshEnd, retryIn delay: Duration) {
        let next = now() + delay.milliseconds
        guard board.relayLost(server, end.reason, code: end.code, nextAttemptAt: next) else { return }
        logger.notice("unregistered", metadata: facts.merging(["reason": .string(end.reason)]) { $1 })
    }

    /// A registration that lasted so long was no accident.
    private static let steady = Duration.seconds(10)
    private static let afterReplacement = Duration.seconds(300)

    /// One registration from dialling to its end.
    private func registration() async -> MeshEnd {
        let way = RelayCarrier.Route(server, tls: tls, on: eventLoop)
        let (ends, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        do throws(MeshEnd) {
            let link = try await RegistrationLink.open(
                server, under: route, machineID: installation.machineID, keys: installation.keys,
                tls: tls, on: eventLoop, blob: { try self.record() },
                onAttach: { [links] in links?.wanted($0, by: way) }, onEnd: { continuation.yield($0) })
            open.withLock { $0 = link }
            defer { open.withLock { $0 = nil } }
            board.relayConnected(server)
            logger.notice("registered", metadata: facts)
            onRegistered()
            return await withTaskCancellationHandler {
                for await end in ends { return .lost(end) }
                return .lost("stopped")
            } onCancel: {
                link.close(reason: "leaving")
                continuation.yield("stopped")
            }
        } catch {
            return error
        }
    }

    private var facts: Logger.Metadata {
        let isByWallet = route == installation.wallet.address.description
        return ["server": .string(server.origin), "under": isByWallet ? "wallet" : "route"]
    }

    private func record() throws -> [UInt8] {
        let record = RegistryRecord(
            name: name.current.description, hostPub: installation.keys.sealing.publicKey.bytes,
            signalURL: server.origin + "/agent/signal", ts: now() / 1000,
            certified: RegistryRecord.Certified(
                machineID: installation.machineID, version: KinVersion.current, chain: installation.chain,
                revocationHead: installation.revocations.head, lan: nil, capabilities: []))
        let sealer = RecordSealer(wallet: installation.wallet, mesh: installation.mesh)
        return try sealer.seal(record.signed(by: installation.keys.signing), machineID: installation.machineID)
    }
}
