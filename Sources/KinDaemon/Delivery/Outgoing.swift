import Dispatch
import KinClient
import KinEncoding
import KinIdentity
import KinMailbox
import KinSession
import KinWire
import Logging

/// Drains the outbox into the broker: performs what `Drain` decides.
///
/// Unchecked: what varies is touched only on `queue`, which is serial: every entry from outside goes through it.
final class Outgoing: @unchecked Sendable {
    private let queue: DispatchQueue
    private let outbox: OutboxStore
    private let sealing: OutboxSealing
    private let family: Family
    private let awaited: AwaitedAnswers
    private let keys: KeyExchange
    private let metrics: DaemonMetrics
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    private var drain = Drain()
    private let book: AnswerBook
    /// The connection that is ready, and the same once what it needs to know has been read.
    private var opened: MeshLink?
    private var link: MeshLink?
    private var features = NegotiatedFeatures.assumed
    /// Messages that somebody is giving up: they stay here meanwhile. True: one would have left.
    private var held: [ClientMessageID: Bool] = [:]
    /// With which keys the posts left that have no answer yet.
    private var epochs: [ClientMessageID: Epoch] = [:]
    /// When the drain is looked at next by itself, milliseconds; nil: when something happens.
    private var wakesAt: Int64?

    init(
        outbox: OutboxStore, sealing: OutboxSealing, family: Family, awaited: AwaitedAnswers, keys: KeyExchange,
        metrics: DaemonMetrics, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        queue = DispatchQueue(label: "outgoing")
        book = AnswerBook(queue: queue)
        self.outbox = outbox
        self.sealing = sealing
        self.family = family
        self.awaited = awaited
        self.keys = keys
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    // MARK: What happens

    /// A row was committed. Called in the order of the commits.
    func accepted(_ row: OutboxRow) {
        queue.async { [self] in
            if drain.accepted(row.clientMessageID, lane: row.lane, seq: row.seq) { send([row]) } else { pump() }
        }
    }

    /// What was relayed to another store than the broker's and is not known to have arrived goes out again.
    func connected(_ link: MeshLink, ready: Ready, features: NegotiatedFeatures) {
        queue.async { [self] in
            self.features = features
            opened = link
            sealing.uploads.startOver()
            outbox.moved(
                to: ready.store, lastMessageID: ready.lastMessageID, notBefore: now() - sealing.maxAge(features)
            ) {
                [self] again in
                if again > 0 { logger.notice("relayed_again", metadata: ["count": .stringConvertible(again)]) }
                queue.async { [self] in drainInto(link) }
            }
        }
    }

    /// A topic has a key to post with.
    func keyCame(_ topic: TopicName) { due(.topic(topic)) }

    /// What messages waited for is there: a key, or their content at the server.
    func due(_ destination: Destination) {
        queue.async { [self] in
            drain.due(destination)
            pump()
        }
    }

    /// Why messages cannot go by a broker with these features; nil where they can.
    func refusal(of features: NegotiatedFeatures) -> KinError? {
        sealing.limits.refusal(window: features.dedupeWindowHours)
    }

    /// Runs `body`, which gives a message up, while it cannot leave.
    /// - Throws: `outbox_inflight` where it has left and the broker has not answered; what `body` throws.
    func holding<T: Sendable>(_ id: ClientMessageID, _ body: () async throws -> T) async throws -> T {
        let isHeld = await withCheckedContinuation { continuation in
            queue.async { [self] in
                let isFree = !drain.isInFlight(id) && held[id] == nil
                if isFree { held[id] = false }
                continuation.resume(returning: isFree)
            }
        }
        guard isHeld else {
            throw KinError(
                "outbox_inflight", "\(id) is on its way to the broker this moment: try again when it has answered",
                category: .conflict, retryable: true)
        }
        do {
            let result = try await body()
            queue.async { [self] in held[id] = nil }
            return result
        } catch {
            // It stays, and what was passed over is found again by a new session, in order.
            queue.async { [self] in if held.removeValue(forKey: id) == true { link?.close(.outboxKept) } }
            throw error
        }
    }

    private func drainInto(_ link: MeshLink) {
        guard opened === link else { return }
        self.link = link
        do {
            drain.connected(lanes: try outbox.pendingLanes())
            pump()
        } catch {
            logger.error("outbox_unreadable", metadata: ["error": .string("\(error)")])
            link.close(.outboxUnreadable)
        }
    }

    func disconnected(_ link: MeshLink) {
        queue.async { [self] in
            if opened === link { opened = nil }
            book.startOver()
            guard self.link === link else { return }
            self.link = nil
            epochs.removeAll()
            drain.disconnected()
        }
    }

    /// Answers of one socket read.
    func answered(acks: [Ack], nacks: [Nack]) {
        queue.async { [self] in
            var own: [Ack] = []
            for ack in acks {
                epochs[ack.clientMessageID] = nil
                if drain.acked(ack.clientMessageID) {
                    sealing.uploads.forget(ack.clientMessageID)
                    own.append(ack)
                } else if isStray(ack.clientMessageID, finally: true) {
                    metrics.inbound.note(.ackUnexpected)
                }
            }
            if !own.isEmpty {
                let (relayed, time) = (own, now())
                book.enter { [outbox] done in outbox.markRelayed(relayed, at: time, completion: done) }
                metrics.relayed.add(own.count)
                metrics.knownOut.add(own.count { $0.duplicate })
            }
            for nack in nacks { refused(nack) }
            pump()
        }
    }

    /// While no broker is there, what expires is said to have.
    func expireWhileAway() {
        queue.async { [self] in
            // What cannot be read now is looked at again in some seconds.
            guard opened == nil, let expired = try? outbox.expired(at: now()) else { return }
            for id in expired where held[id] == nil { kill(id, reason: OutboxSealing.Fault.expired.code) }
        }
    }

    // MARK: What follows

    /// Whether nobody waits for an answer to that id. One that is pending may have been refused with those before it, and is on its way again soon.
    private func isStray(_ id: ClientMessageID, finally isFinal: Bool) -> Bool {
        if awaited.answered(id, finally: isFinal) { return false }
        // Where that cannot be read nobody is accused.
        return (try? outbox.isPending(id)) == false
    }

    private func refused(_ nack: Nack) {
        let epoch = epochs.removeValue(forKey: nack.clientMessageID)
        if nack.code == "epoch_stale", let epoch, case .topic(let topic)? = drain.destination(of: nack.clientMessageID)
        {
            keys.stale(topic, epoch)
        }
        switch drain.nacked(Self.patient(nack, drain.destination(of: nack.clientMessageID)), now: now()) {
        case .ignore:
            if isStray(nack.clientMessageID, finally: !nack.retryable) { metrics.inbound.note(.nackUnexpected) }
        case .dead: kill(nack.clientMessageID, reason: nack.code)
        case .delayed(let until): delay(nack.clientMessageID, reason: nack.code, until: until)
        case .standsStill: link?.close(.laneStandsStill)
        case .introduce(let lane, let until):
            introduce(lane)
            delay(nack.clientMessageID, reason: nack.code, until: until)
        }
    }

    /// A server that lost its store learns of topics from their members: what it says of one meanwhile is not the last word.
    private static func patient(_ nack: Nack, _ destination: Destination?) -> Nack {
        guard case .topic? = destination, ["unknown_topic", "epoch_ahead"].contains(nack.code) else { return nack }
        var nack = nack
        nack.retryable = true
        return nack
    }

    /// The message can never be sent.
    private func kill(_ id: ClientMessageID, reason: String) {
        book.enter { [outbox, metrics, logger] done in
            outbox.markDead(id, reason: reason) { isStored in
                if isStored {
                    metrics.dead.add()
                    logger.warning("message_dead", metadata: ["id": .string(id.description), "code": .string(reason)])
                }
                done(isStored)
            }
        }
    }

    private func delay(_ id: ClientMessageID, reason: String, until time: Int64) {
        outbox.markDelayed(id, reason: reason, until: time)
        logger.info(
            "message_delayed",
            metadata: ["id": .string(id.description), "code": .string(reason), "until": .stringConvertible(time)])
    }

    private func introduce(_ lane: OutboxRow.Lane) {
        guard case .dm(let recipient) = lane.destination, let member = family.member(recipient) else { return }
        link?.send([MeshFrame.memberPut(MemberPut(chain: member.chain)).encoded()])
    }

    private func pump() {
        while let load = drain.nextLoad(now: now()) {
            do {
                let rows = try outbox.pending(in: load.lane, after: load.after, limit: load.limit)
                send(drain.loaded(rows, for: load))
            } catch {
                drain.loadFailed()
                logger.error("outbox_unreadable", metadata: ["error": .string("\(error)")])
                break
            }
        }
        scheduleWake()
    }

    /// Waiting lanes go on by themselves, each in its own time: one that waits a minute holds up none that waits a second.
    private func scheduleWake() {
        guard let deadline = drain.nextDeadline, deadline < wakesAt ?? .max else { return }
        wakesAt = deadline
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(max(1, deadline - now())))) { [self] in
            if wakesAt == deadline { wakesAt = nil }
            pump()
        }
    }

    private func send(_ rows: [OutboxRow]) {
        var frames: [[UInt8]] = []
        for row in rows {
            guard held[row.clientMessageID] == nil else {
                held[row.clientMessageID] = true
                drain.dropped(row.clientMessageID)
                continue
            }
            do throws(OutboxSealing.Fault) {
                let sealed = try sealing.sealed(row, features, now: now())
                if let epoch = sealed.epoch { epochs[row.clientMessageID] = epoch }
                frames.append(row.send(in: sealed.epoch).frame(body: sealed.body))
            } catch .unknownRecipient {
                // Whoever was known when the message was accepted is met again; what comes after must not overtake.
                wait(for: row, .unknownRecipient)
                break
            } catch .notJoined {
                // A server may say so that forgot, or lies: it delays, and loses nothing.
                wait(for: row, .notJoined)
                break
            } catch .keyMissing {
                wait(for: row, .keyMissing)
                if case .topic(let topic) = row.lane.destination { keys.need(topic) }
                break
            } catch .notUploaded(let code) {
                if code == "unknown_member" { introduce(row.lane) }
                wait(for: row, .notUploaded(code))
                break
            } catch {
                drain.dropped(row.clientMessageID)
                sealing.uploads.forget(row.clientMessageID)
                kill(row.clientMessageID, reason: error.code)
            }
        }
        if !frames.isEmpty { link?.send(frames) }
    }

    private func wait(for row: OutboxRow, _ fault: OutboxSealing.Fault) {
        let reason = fault.code
        var code = reason
        if case .notUploaded = fault { code = "pending_upload" }
        let refusal = Nack(clientMessageID: row.clientMessageID, code: code, retryable: true)
        if case .delayed(let until) = drain.nacked(refusal, now: now()) {
            delay(row.clientMessageID, reason: reason, until: until)
        }
        scheduleWake()
    }
}

extension Send {
    func frame(body: [UInt8]) -> [UInt8] { MeshFrame.send(self).encoded(body: body) }
}
