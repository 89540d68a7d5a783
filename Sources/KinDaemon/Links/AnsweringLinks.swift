import KinCalls
import KinClient
import KinCrypto
import KinIdentity
import KinLink
import KinMetrics
import KinWire
import Logging
import Synchronization

/// Takes up the links that other devices of the mesh want to this one.
final class AnsweringLinks: LinkListener {
    /// Handshakes at one time: a relay may announce as many links as it likes.
    static let maxAnswers = 16

    private let table: LinkTable
    private let credentials: @Sendable () -> LinkCredentials
    /// This device's X25519 key in force.
    private let key: X25519.PublicKey
    private let responder: any CallResponder
    private let metrics: DaemonMetrics
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let answers = Mutex(0)

    init(
        _ table: LinkTable, credentials: @escaping @Sendable () -> LinkCredentials, key: X25519.PublicKey,
        answering responder: any CallResponder, metrics: DaemonMetrics, logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) {
        self.table = table
        self.credentials = credentials
        self.key = key
        self.responder = responder
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    func wanted(_ session: [UInt8], by route: RelayCarrier.Route) {
        let isTaken = answers.withLock { count in
            guard count < Self.maxAnswers else { return false }
            count += 1
            return true
        }
        guard isTaken else { return metrics.links["refused"].add() }
        Task {
            guard let carrier = try? await RelayCarrier.answer(session, by: route) else {
                return answers.withLock { $0 -= 1 }
            }
            let taken = await self.taken(over: carrier)
            answers.withLock { $0 -= 1 }
            if let taken { await carry(taken, over: carrier) }
        }
    }

    /// The link that the caller is let onto; nil where it is not.
    private func taken(over carrier: RelayCarrier) async -> LinkSession? {
        do {
            let connection = try await handshake(over: carrier)
            guard connection.isContinued else { return try open(connection) }
            guard let (session, rest) = table.take(connection.link) else { throw LinkFault.lost }
            session.go(on: try Link(continuing: rest, on: connection))
            metrics.links["continued"].add()
            return session
        } catch {
            let code = (error as? LinkFault)?.code ?? (error as? LinkEnd)?.cause.rawValue ?? "links_full"
            metrics.links["refused"].add()
            logger.notice("link_refused", metadata: ["reason": .string(code)])
            let isFull = error as? LinkFault == .busy
            carrier.close(code: isFull ? LinkClose.linksRefused.rawValue : 1000, reason: code)
            return nil
        }
    }

    private func handshake(over carrier: RelayCarrier) async throws -> LinkConnection {
        var called = LinkResponder(as: credentials())
        let first = try await carrier.receive(within: LinkDialler.patience)
        let caller: LinkResponder.Caller
        do throws(LinkFault) { caller = try called.read(first, now: now()) } catch {
            if let answer = called.refuse(error) { try await carrier.send(answer) }
            throw error
        }
        let through = table.receivedThrough(for: caller, own: key)
        let asked = through == nil ? nil : caller.resumption?.link
        guard let link = asked ?? LinkID(Random.bytes(LinkID.byteCount)) else { throw LinkFault.malformed }
        try await carrier.send(called.answer(link: link, receivedThrough: through, now: now()))
        let third = try await carrier.receive(within: LinkDialler.patience)
        return try called.confirm(third)
    }

    private func open(_ connection: consuming LinkConnection) throws -> LinkSession {
        let session = LinkSession(try Link(connection), answering: responder, now: now)
        guard table.add(session) else { throw LinkFault.busy }
        metrics.links["opened"].add()
        logger.info("link_opened", metadata: ["device": .string(session.peer.machineID.description)])
        return session
    }

    private func carry(_ session: LinkSession, over carrier: RelayCarrier) async {
        switch await session.run(over: carrier) {
        case .displaced: break
        case .cut(let rest):
            metrics.links["cut"].add()
            table.hold(rest)
        case .over(let fault, _): table.remove(session.id, because: fault)
        }
    }
}
