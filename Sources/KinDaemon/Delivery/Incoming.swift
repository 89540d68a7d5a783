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
/// Unchecked: `intake` alone varies, and only on `queue`, which is serial: every entry from outside goes through it.
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
    private let events: EventHub
    let metrics: DaemonMetrics
    private let lanes: LaneWatch
    let logger: Logger
    /// Milliseconds.
    let now: @Sendable () -> Int64
    /// Of the connection that is served now; only touched on `queue`.
    private var intake: (link: MeshLink, inbox: InboxIntake)?

    init(
        inbox: InboxStore, outbox: OutboxStore, opener: PushOpener, family: Family, receipts: Receipts,
        revocations: RevocationExchange, successions: SuccessionKeeper, topics: TopicMail, events: EventHub,
        metrics: DaemonMetrics, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        self.inbox = inbox
        self.outbox = outbox
        self.opener = opener
        self.family = family
        self.receipts = receipts
        self.revocations = revocations
        self.successions = successions
        self.topics = topics
        self.events = events
        self.metrics = metrics
        lanes = LaneWatch(metrics.inbound)
        self.logger = logger
        self.now = now
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
    func arrived(_ rows: [InboxRow?], of mail: [IncomingMessage]) {
        for (incoming, row) in zip(mail, rows) {
            if row == nil { metrics.inbound.note(.duplicate) } else { lanes.came(incoming.message) }
        }
        for row in rows.compactMap({ $0 }) {
            events.publish(DaemonEvent(kind: .message, id: row.id, data: row.message(family).json))
            if let file = FileInfo(received: row) { events.publish(DaemonEvent(kind: .fileShared, data: file.json)) }
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
            case .success(let rows):
                acknowledge(
                    zip(mail, rows).map { message, row in
                        ClientAck.Entry(
                            brokerMessageID: message.brokerMessageID, result: row == nil ? .duplicate : .stored)
                    }, link)
                count(rows, sentAt: sentAt)
                arrived(rows, of: mail)
                receipts.due()
            case .failure(let error):
                // Not acknowledged: a new session gets it again, and what comes after it, in order.
                logger.error("inbox_write_failed", metadata: ["error": .string("\(error)")])
                link.close(.inboxWriteFailed)
            }
        }
    }

    private func count(_ rows: [InboxRow?], sentAt: Int64?) {
        let new = rows.count { $0 != nil }
        metrics.received.add(new)
        metrics.knownIn.add(rows.count - new)
        // The two clocks are two machines'.
        if new > 0, let sentAt { metrics.lag.set(Int(max(now() - sentAt, 0))) }
    }

    func intake(of link: MeshLink) -> InboxIntake {
        if let intake, intake.link === link { return intake.inbox }
        let fresh = InboxIntake()
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
