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
    /// Bytes of a frame of devices that may call nothing: enough to be told so.
    static let maxStrangersFrame = 65_536

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
    private func taken(over carrier: RelayCarrier) async -> Carried? {
        do {
            let answered = try await handshake(over: carrier)
            guard let claim = answered.claim else { return try await open(answered.connection, over: carrier) }
            return try go(on: answered.connection, with: claim)
        } catch {
            let code = (error as? LinkFault)?.code ?? (error as? LinkEnd)?.cause.rawValue ?? "failed"
            refused(code)
            carrier.close(reason: code)
            return nil
        }
    }

    private func refused(_ code: String) {
        metrics.links["refused"].add()
        logger.notice("link_refused", metadata: ["reason": .string(code)])
    }

    private func handshake(over carrier: RelayCarrier) async throws -> AnsweredLink {
        var called = LinkResponder(as: credentials())
        let first = try await carrier.receive(within: LinkDialler.patience)
        let caller: LinkResponder.Caller
        do throws(LinkFault) { caller = try called.read(first, now: now()) } catch {
            if let answer = called.refuse(error) { try await carrier.send(answer) }
            throw error
        }
        let claim = table.claim(for: caller, own: key)
        guard let link = claim?.link ?? LinkID(Random.bytes(LinkID.byteCount)) else { throw LinkFault.malformed }
        try await carrier.send(called.answer(link: link, receivedThrough: claim?.receivedThrough, now: now()))
        let third = try await carrier.receive(within: LinkDialler.patience)
        return AnsweredLink(connection: try called.confirm(third), claim: claim)
    }

    private func open(
        _ connection: consuming LinkConnection, over carrier: RelayCarrier
    ) async throws -> Carried {
        let peer = connection.peer
        var link = try Link(connection, maxFrame: peer.role == .owner ? LinkLimits.maxFrame : Self.maxStrangersFrame)
        guard table.hasRoom(for: peer.member) else {
            // Said on the link itself: what a relay says of links is not believed.
            link.end(reason: "links_refused")
            while let word = try link.next() { try await carrier.send(word) }
            throw LinkFault.busy
        }
        let session = LinkSession(link, answering: responder, now: now)
        guard table.add(session) else { throw LinkFault.busy }
        metrics.links["opened"].add()
        logger.info("link_opened", metadata: ["device": .string(peer.machineID.description)])
        return Carried(session: session, connection: 0)
    }

    /// - Throws: where it cannot go on; then it is over, as its caller can do nothing more with it.
    private func go(on connection: consuming LinkConnection, with claim: LinkClaim) throws -> Carried {
        guard let (session, rest) = table.take(claim) else { throw LinkFault.lost }
        do throws(LinkFault) {
            guard let number = session.link.go(on: try Link(continuing: rest, on: connection)) else {
                throw LinkFault.ended
            }
            metrics.links["continued"].add()
            return Carried(session: session, connection: number)
        } catch {
            table.remove(session.id, because: CallFault(KinError(error)))
            throw error
        }
    }

    private func carry(_ carried: Carried, over carrier: RelayCarrier) async {
        let session = carried.session
        switch await session.link.run(over: carrier, on: carried.connection) {
        case .displaced: break
        case .broke: if table.hold(session, off: carried.connection) { metrics.links["cut"].add() }
        case .over(let fault, _): table.remove(session.id, because: fault)
        }
    }
}

/// A link, and which of its connections it is on.
private struct Carried: Sendable {
    let session: LinkSession
    let connection: Int
}

/// A finished handshake, and what it continues.
private struct AnsweredLink: ~Copyable {
    let connection: LinkConnection
    let claim: LinkClaim?
}
