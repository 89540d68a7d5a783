import Dispatch
import KinClient
import KinDaemonAPI
import KinEncoding
import KinMailbox
import KinSession
import KinWire
import Logging

/// Takes pushed messages in: opens them, stores them, and only then acknowledges them.
///
/// Unchecked: what varies is touched only on `queue`, which is serial: every entry from outside goes through it.
final class Incoming: @unchecked Sendable {
    let queue = DispatchQueue(label: "incoming")
    let inbox: InboxStore
    private let outbox: OutboxStore
    let opener: PushOpener
    private let family: Family
    private let receipts: Receipts
    private let revocations: RevocationExchange
    private let successions: SuccessionKeeper
    let topics: TopicMail
    /// Of messages whose content is to be fetched.
    let enclosed: EnclosedMail
    private let events: EventHub
    let metrics: DaemonMetrics
    private let lanes: LaneWatch
    let logger: Logger
    /// Milliseconds.
    let now: @Sendable () -> Int64
    /// Of the connection that is served now; only touched on `queue`.
    private var intake: (link: MeshLink, inbox: InboxIntake)?
    /// The broker's store on the connection that is ready; only touched on `queue`.
    var store: (link: MeshLink, identity: [UInt8])?

    init(
        inbox: InboxStore, outbox: OutboxStore, opener: PushOpener, family: Family, receipts: Receipts,
        revocations: RevocationExchange, successions: SuccessionKeeper, topics: TopicMail, enclosed: EnclosedMail,
        events: EventHub, metrics: DaemonMetrics, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        self.inbox = inbox
        self.outbox = outbox
        self.opener = opener
        self.family = family
        self.receipts = receipts
        self.revocations = revocations
        self.successions = successions
        self.topics = topics
        self.enclosed = enclosed
        self.events = events
        self.metrics = metrics
        lanes = LaneWatch(metrics.inbound)
        self.logger = logger
        self.now = now
    }

    /// - Parameters:
    ///   - store: by what the broker's ids are known.
    ///   - lastMessageID: the highest of them.
    func connected(_ link: MeshLink, store: [UInt8], lastMessageID: Int64) {
        queue.async { [self] in
            self.store = (link, store)
            enclosed.connected(store: store, lastMessageID: lastMessageID)
        }
    }

    func disconnected(_ link: MeshLink) {
        queue.async { [self] in
            guard store?.link === link else { return }
            store = nil
            enclosed.disconnected()
        }
    }

    /// Pushes of one socket read, in order.
    func received(_ pushes: [(header: Push, body: [UInt8])], on link: MeshLink) {
        queue.async { [self] in take(pushes, link) }
    }

    private func take(_ pushes: [(header: Push, body: [UInt8])], _ link: MeshLink) {
        var messages: [IncomingMessage] = []
        var refused: [ClientAck.Entry] = []
        var late: [(message: RefusedMessage, entry: ClientAck.Entry)] = []
        var locked: [SealedPost] = []
        for push in pushes {
            do throws(PushOpener.Refusal) {
                messages.append(try opener.open(push.header, push.body, now: now()))
            } catch {
                if error.fault == .keyMissing {
                    locked.append(SealedPost(header: push.header, body: push.body, receivedAt: now()))
                    continue
                }
                metrics.inbound.note(InboundCounters.Fact(error.fault))
                logger.warning(
                    "message_refused",
                    metadata: [
                        "fault": .string(error.fault.rawValue),
                        "broker_message_id": .stringConvertible(push.header.brokerMessageID),
                    ])
                let entry = ClientAck.Entry(brokerMessageID: push.header.brokerMessageID, result: .refused)
                if let told = error.told { late.append((told, entry)) } else { refused.append(entry) }
            }
        }
        acknowledge(refused, link)
        let mail = messages.filter { incoming in
            switch incoming.message.contentType {
            case Receipt.contentType: apply(incoming, link)
            case RevocationsGet.contentType, Revocations.contentType: exchange(incoming, link)
            case SuccessionBundle.contentType: succeed(incoming, link)
            case TopicKeys.contentType, TopicKeysGet.contentType, Profile.contentType: takeTopicMail(incoming, link)
            default: return true
            }
            return false
        }
        if !mail.isEmpty { store(mail, sentAt: pushes.last?.header.sentAt, link) }
        if !locked.isEmpty { keep(locked, link) }
        if !late.isEmpty { refuse(late.map(\.message), late.map(\.entry), link) }
    }

    private func takeTopicMail(_ incoming: IncomingMessage, _ link: MeshLink) {
        let isUnderstood = topics.received(incoming.message)
        if !isUnderstood { metrics.inbound.note(.controlRefused) }
        acknowledge(
            [ClientAck.Entry(brokerMessageID: incoming.brokerMessageID, result: isUnderstood ? .stored : .refused)],
            link)
    }

    /// New rows are told of.
    func arrived(_ arrivals: [InboxArrival], of mail: [IncomingMessage]) {
        for (incoming, arrival) in zip(mail, arrivals) {
            switch arrival {
            case .new: lanes.came(incoming.message)
            case .known: metrics.inbound.note(.duplicate)
            case .awaited: break
            }
        }
        if arrivals.contains(.awaited) { enclosed.look() }
        for row in arrivals.compactMap(\.row) {
            events.publish(DaemonEvent(kind: .message, id: row.id, data: row.message(family).json))
            if let file = FileInfo(received: row, in: family) {
                events.publish(DaemonEvent(kind: .fileShared, data: file.json))
            }
        }
    }

    /// Acknowledged once what its sender is to be told is on disk.
    private func refuse(_ messages: [RefusedMessage], _ entries: [ClientAck.Entry], _ link: MeshLink) {
        inbox.refuse(messages, from: intake(of: link)) { [self] result in
            switch result {
            case .success(let outcomes):
                acknowledge(
                    zip(entries, outcomes).map { entry, isRefused in
                        ClientAck.Entry(
                            brokerMessageID: entry.brokerMessageID, result: isRefused ? .refused : .duplicate)
                    }, link)
                receipts.due()
            case .failure(let error):
                logger.error("inbox_write_failed", metadata: ["error": .string("\(error)")])
                link.close(.inboxWriteFailed)
            }
        }
    }

    private func exchange(_ incoming: IncomingMessage, _ link: MeshLink) {
        let sender = family.member(incoming.message.sender)
        let isUnderstood = sender.map { revocations.received(incoming.message, from: $0) } ?? false
        let result: ClientAck.Result = isUnderstood ? .stored : .refused
        if !isUnderstood { metrics.inbound.note(.controlRefused) }
        acknowledge([ClientAck.Entry(brokerMessageID: incoming.brokerMessageID, result: result)], link)
    }

    private func succeed(_ incoming: IncomingMessage, _ link: MeshLink) {
        let sender = family.member(incoming.message.sender)
        let result = sender.map { successions.received(incoming.message, from: $0) } ?? .refused
        // Not on disk, so not acknowledged: a new session gets it again.
        guard let result else { return link.close(.successionUnwritable) }
        if result == .refused { metrics.inbound.note(.controlRefused) }
        if result == .stored { lanes.came(incoming.message) }
        acknowledge([ClientAck.Entry(brokerMessageID: incoming.brokerMessageID, result: result)], link)
    }

    /// - Parameter sentAt: when the broker took the last of them.
    private func store(_ mail: [IncomingMessage], sentAt: Int64?, _ link: MeshLink) {
        inbox.receive(mail, from: intake(of: link)) { [self] result in
            switch result {
            case .success(let arrivals):
                acknowledge(
                    zip(mail, arrivals).map { message, arrival in
                        ClientAck.Entry(
                            brokerMessageID: message.brokerMessageID, result: arrival == .known ? .duplicate : .stored)
                    }, link)
                count(arrivals, sentAt: sentAt)
                arrived(arrivals, of: mail)
                receipts.due()
            case .failure(let error):
                // Not acknowledged: a new session gets it again, and what comes after it, in order.
                logger.error("inbox_write_failed", metadata: ["error": .string("\(error)")])
                link.close(.inboxWriteFailed)
            }
        }
    }

    /// What waited is in the inbox, or refused.
    func settled(_ awaited: AwaitedArrivals) {
        count(awaited.arrivals, sentAt: nil)
        arrived(awaited.arrivals, of: awaited.messages)
        receipts.due()
    }

    private func count(_ arrivals: [InboxArrival], sentAt: Int64?) {
        let new = arrivals.count { $0.row != nil }
        metrics.received.add(new)
        metrics.knownIn.add(arrivals.count { $0 == .known })
        // The two clocks are two machines'.
        if new > 0, let sentAt { metrics.lag.set(Int(max(now() - sentAt, 0))) }
    }

    func intake(of link: MeshLink) -> InboxIntake {
        if let intake, intake.link === link { return intake.inbox }
        let fresh = InboxIntake(store: store?.link === link ? store?.identity : nil)
        intake = (link, fresh)
        return fresh
    }

    /// A receipt is acknowledged once its effect is on disk; it rides along with the next write.
    private func apply(_ incoming: IncomingMessage, _ link: MeshLink) {
        let entry: @Sendable (ClientAck.Result) -> ClientAck.Entry = { result in
            ClientAck.Entry(brokerMessageID: incoming.brokerMessageID, result: result)
        }
        guard let receipt = try? Receipt(canonical: Array(incoming.message.body.utf8)) else {
            metrics.inbound.note(.receiptMalformed)
            return acknowledge([entry(.refused)], link)
        }
        outbox.apply(receipt, from: incoming.message.sender) { [self] changed in
            guard let changed else { return }
            judge(receipt, from: incoming.message.sender, changed)
            acknowledge([entry(changed.isEmpty ? .duplicate : .stored)], link)
            for id in changed {
                let data: [String: JSON] = [
                    "client_message_id": .string(id.description), "status": .string(receipt.kind.rawValue),
                    "at": .integer(receipt.at),
                ]
                let event = data.adding("reason", receipt.reason) { .string($0) }
                events.publish(DaemonEvent(kind: .receipt, data: .object(event)))
            }
        }
    }

    /// What a receipt names in vain was told before, or never sent to its signer.
    private func judge(_ receipt: Receipt, from signer: ULID, _ changed: [ClientMessageID]) {
        if changed.isEmpty { metrics.inbound.note(.receiptDuplicate) }
        let rest = Set(receipt.ids).subtracting(changed)
        guard !rest.isEmpty, let own = try? outbox.sent(Array(rest), to: signer) else { return }
        metrics.inbound.note(.receiptForeign, times: rest.count - own.count)
    }

    func acknowledge(_ entries: [ClientAck.Entry], _ link: MeshLink) {
        for start in stride(from: 0, to: entries.count, by: ClientAck.maxResults) {
            let results = Array(entries[start..<min(start + ClientAck.maxResults, entries.count)])
            link.send([MeshFrame.clientAck(ClientAck(results: results)).encoded()])
        }
    }
}
