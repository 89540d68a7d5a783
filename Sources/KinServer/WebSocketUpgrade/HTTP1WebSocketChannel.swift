import HummingbirdCore
import KinWebSocket
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

/// A connection that becomes HTTP or a WebSocket by its first request.
struct HTTP1WebSocketChannel: ServerChildChannel, HTTPChannelHandler {
    /// An accepted connection, and what it will turn out to be.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let outcome: EventLoopFuture<Outcome>
    }

    enum Outcome: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case webSocket
    }

    let responder: HTTPChannelHandler.Responder
    private let configuration: WebSocketUpgradeConfiguration
    private let sslContext: NIOSSLContext?
    private let gate: ConnectionGate
    private let immediate: ImmediateAnswers
    private let date = HTTPDate()
    private let policy: UpgradePolicy

    init(
        responder: @escaping HTTPChannelHandler.Responder,
        configuration: WebSocketUpgradeConfiguration,
        tls: TLSConfiguration?,
        gate: ConnectionGate,
        immediate: @escaping ImmediateAnswers,
        policy: @escaping UpgradePolicy
    ) throws {
        self.responder = responder
        self.configuration = configuration
        self.gate = gate
        self.immediate = immediate
        self.policy = policy
        self.sslContext = try tls.map { tls in
            var tls = tls
            // A peer that does not answer the TLS goodbye must not hold up shutdown.
            tls.shutdownTimeout = .seconds(1)
            tls.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: tls)
        }
        Self.makeTypes()
    }

    /// Has the types of a connection made before connections come.
    ///
    /// The Swift runtime (6.3.1) may crash where two event loops are the first to need a generic type, at the same moment: so it did, once in a thousand
    /// times, where two connections came as soon as the server listened.
    private static func makeTypes() {
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let types: [Any.Type] = [
            NIOTypedHTTPServerUpgradeHandler<Outcome>.self, NIOTypedHTTPServerUpgradeConfiguration<Outcome>.self,
            NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>.self, NIOLoopBoundBox<AcceptedUpgrade?>.self,
            EventLoopFuture<Outcome>.self,
        ]
        withExtendedLifetime((decoder, types)) {}
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            // A connection keeps what it read the largest piece into, for as long as it lives.
            let reads = AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 512, maximum: 65_536)
            try channel.syncOptions?.setOption(.recvAllocator, value: reads)
            let pipeline = channel.pipeline.syncOperations
            let gatekeeper = ConnectionGatekeeper(gate)
            let deadline = NegotiationDeadline(configuration.negotiationTimeout)
            try pipeline.addHandlers(gatekeeper, deadline)
            if let sslContext { try pipeline.addHandler(NIOSSLServerHandler(context: sslContext)) }
            let outcome = try addNegotiation(to: channel, gatekeeper, logger: logger)
            outcome.assumeIsolated().whenComplete { result in
                if case .success = result { pipeline.removeHandler(deadline, promise: nil) }
            }
            return Value(channel: channel, outcome: outcome)
        }
    }

    func handle(value: Value, logger: Logger) async {
        let http = await withTaskCancellationHandler {
            await httpConnection(value, logger: logger)
        } onCancel: {
            value.channel.close(promise: nil)
        }
        if let http { await handleHTTP(asyncChannel: http, logger: logger) }
    }

    /// The connection if it became HTTP. A WebSocket goes on by itself: a task that waits for its end would take as much memory as the rest of it.
    private func httpConnection(
        _ value: Value,
        logger: Logger
    ) async -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>? {
        do {
            if case .http(let http) = try await value.outcome.get() { return http }
        } catch {
            logger.debug("connection_ended_early", metadata: ["error": "\(error)"])
            // Never fails: it only says that the channel is closed.
            try? await value.channel.closeFuture.get()
        }
        return nil
    }

    private func addNegotiation(
        to channel: any Channel, _ gatekeeper: ConnectionGatekeeper, logger: Logger
    ) throws -> EventLoopFuture<Outcome> {
        let accepted = NIOLoopBoundBox<AcceptedUpgrade?>(nil, eventLoop: channel.eventLoop)
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoderLimits)
        )
        let filter = WebSocketUpgradeFilter(gatekeeper: gatekeeper, policy: policy, accepted: accepted)
        let upgrade = NIOTypedHTTPServerUpgradeHandler(
            httpEncoder: encoder,
            extraHTTPHandlers: [decoder, filter],
            upgradeConfiguration: .init(
                upgraders: [WebSocketServerUpgrader(accepted: accepted)],
                notUpgradingCompletionHandler: { continueWithHTTP(on: $0, logger: logger) }
            )
        )
        try channel.pipeline.syncOperations.addHandlers(encoder, decoder, filter, upgrade)
        return upgrade.upgradeResultFuture
    }

    private func continueWithHTTP(on channel: any Channel, logger: Logger) -> EventLoopFuture<Outcome> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(AnswerDeadline(configuration.answerTimeout), position: .first)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: sslContext != nil))
            let idleTimeout = Duration.nanoseconds(configuration.idleTimeout.nanoseconds)
            try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: idleTimeout, logger: logger))
            try pipeline.addHandler(ImmediateAnswerHandler(immediate, date: date))
            let http = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
            return .http(http)
        }
    }

    private var decoderLimits: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = configuration.maxHeaderBytes
        limits.maxHeaderListSize = configuration.maxHeaderBytes
        limits.maxHeaderFieldCount = configuration.maxHeaderCount
        return limits
    }
}
