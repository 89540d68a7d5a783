import KinClient
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire
import Logging
import NIOCore
import NIOSSL

/// Keeps one session with the mesh's broker, and hands its frames on.
final class MeshRunner: Sendable {
    private let server: ServerAddress
    private let identity: @Sendable () -> MeshIdentity
    private let features: FeatureSettings
    private let tls: TLSConfiguration
    private let eventLoop: any EventLoop
    private let localServer: LocalServer?
    private let parts: MeshParts
    private let logger: Logger

    init(
        server: ServerAddress, identity: @escaping @Sendable () -> MeshIdentity, features: FeatureSettings,
        tls: TLSConfiguration, eventLoop: any EventLoop,
        localServer: LocalServer?, parts: MeshParts, logger: Logger
    ) {
        self.server = server
        self.identity = identity
        self.features = features
        self.tls = tls
        self.eventLoop = eventLoop
        self.localServer = localServer
        self.parts = parts
        self.logger = logger
    }

    /// Connects, and connects again, until cancelled.
    /// - Throws: `KinError` where the daemon must end.
    func run() async throws {
        var backoff = Backoff()
        var former: ReconnectReason?
        while !Task.isCancelled {
            var wasReady = false
            let end = await session(after: former) { wasReady = true }
            if case .fatal(let error) = end { throw explained(error) }
            if let error = parts.neverAdmitted(end) { throw error }
            // The whole daemon stops, which is said once.
            if Task.isCancelled { return }
            if wasReady {
                let reason = ReconnectReason(end)
                // What this side ended it for is there again at once.
                if reason != .storeFailed { backoff.reset() }
                former = reason
            }
            let delay = backoff.delay()
            lost(end, retryIn: delay)
            try? await Task.sleep(for: delay)
        }
    }

    /// Tells listeners where it was the features, and names the line that asked for one.
    private func explained(_ error: KinError) -> KinError {
        guard let feature = error.detail["feature"] else { return error }
        let data: [String: JSON] = ["kind": .string(error.code), "feature": feature, "detail": .string(error.message)]
        parts.events.publish(DaemonEvent(kind: .featureNegotiationFailed, data: .object(data)))
        return features.explained(error)
    }

    /// Says so, where it is news.
    private func lost(_ end: MeshEnd, retryIn delay: Duration) {
        let next = parts.now() + delay.milliseconds
        guard parts.board.brokerLost(end.reason, code: end.code, nextAttemptAt: next) else { return }
        logger.notice(
            "disconnected",
            metadata: [
                "server": .string(server.origin), "reason": .string(end.reason),
                "cause": .string(ReconnectReason(end).rawValue),
            ])
        parts.events.publish(DaemonEvent(kind: .daemonDisconnect, data: .object(["reason": .string(end.reason)])))
    }

    /// One session from dialling to its end.
    private func session(after former: ReconnectReason?, onReady: () -> Void) async -> MeshEnd {
        let (ends, continuation) = AsyncStream.makeStream(of: MeshEnd.self, bufferingPolicy: .bufferingNewest(1))
        let session = MeshSession(parts: parts, after: former, logger: logger) { continuation.yield($0) }
        do {
            try await localServer?.ensure()
            let link = try await MeshLink.open(
                server, as: identity(), tls: tls, on: eventLoop, delegate: session, now: parts.now)
            return await withTaskCancellationHandler {
                for await end in ends {
                    if session.wasReady { onReady() }
                    return end
                }
                return .lost("stopped")
            } onCancel: {
                link.close()
                continuation.yield(.lost("stopped"))
            }
        } catch let end as MeshEnd {
            return end
        } catch {
            return .lost("\(error)")
        }
    }
}

/// What sessions hand frames to.
struct MeshParts: Sendable {
    let family: Family
    let outgoing: Outgoing
    let files: FileShares
    let incoming: Incoming
    let refill: InboxRefill
    let receipts: Receipts
    let revocations: RevocationExchange
    let successions: SuccessionKeeper
    let settings: MeshSettingsKeeper
    let topics: TopicKeeper
    let mail: ControlMail
    let presence: Presence
    let profiles: ProfileBook
    /// By what the outbox knows a broker's store.
    let storeIdentity: @Sendable ([UInt8]) -> [UInt8]
    /// What ends a daemon that the broker never let in, and will not.
    let neverAdmitted: @Sendable (MeshEnd) -> KinError?
    let board: StatusBoard
    let awaited: AwaitedAnswers
    let events: EventHub
    let metrics: DaemonMetrics
    /// Someone came whose name may not be known.
    let lookAround: @Sendable () -> Void
    /// Milliseconds.
    let now: @Sendable () -> Int64
}
