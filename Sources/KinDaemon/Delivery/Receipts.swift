import Dispatch
import KinClient
import KinCrypto
import KinEncoding
import KinIdentity
import KinMailbox
import KinWire
import Logging
import Synchronization

/// Tells senders what reached this inbox, was read or was refused, in batches. Which receipts are due is a flag on inbox rows, and a row for each refusal, cleared by the broker's ack.
///
/// Unchecked: what varies is touched only on `queue`, which is serial: every entry from outside goes through it.
final class Receipts: @unchecked Sendable {
    private let queue = DispatchQueue(label: "receipts")
    private let inbox: InboxStore
    private let control: ControlMessage
    private let family: Family
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    /// One receipt on its way.
    private struct Pending {
        var send: Send
        var body: [UInt8]
        var due: DueReceipt
    }

    private var link: MeshLink?
    /// A line of this process's own: receipts are not in the outbox.
    private let line = Random.bytes(8)
    private var lastSeq: [ULID: Int64] = [:]
    private var pending: [ClientMessageID: Pending] = [:]
    /// What is due up to here has been dealt with on this connection.
    private var through = ReceiptPosition()
    private var isRetryScheduled = false
    /// Something may be due that was not looked at.
    private var mayBeDue = false
    private var lastBatchAt: DispatchTime?
    private var isBatchScheduled = false
    /// Whether an answer of the broker may be to one of ours: asked on its thread for each socket read.
    private let awaitsAnswer = Atomic(false)

    /// A lone receipt leaves at once; those that follow it closely leave together.
    static let batchInterval = DispatchTimeInterval.milliseconds(10)

    init(
        inbox: InboxStore, control: ControlMessage, family: Family, logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) {
        self.inbox = inbox
        self.control = control
        self.family = family
        self.logger = logger
        self.now = now
    }

    /// Messages were stored, read or refused.
    func due() {
        queue.async { [self] in
            mayBeDue = true
            pump()
        }
    }

    func connected(_ link: MeshLink) {
        queue.async { [self] in
            self.link = link
            startOver()
            pump()
        }
    }

    func disconnected(_ link: MeshLink) {
        queue.async { [self] in
            guard self.link === link else { return }
            self.link = nil
            startOver()
        }
    }

    /// Answers of one socket read; those to other sends are passed over.
    func answered(acks: [Ack], nacks: [Nack]) {
        guard awaitsAnswer.load(ordering: .acquiring) else { return }
        queue.async { [self] in
            for ack in acks { finished(ack.clientMessageID) }
            for nack in nacks where pending[nack.clientMessageID] != nil {
                if nack.retryable { scheduleRetry() } else { finished(nack.clientMessageID) }
            }
            pump()
        }
    }

    private func startOver() {
        pending.removeAll()
        through = ReceiptPosition()
        mayBeDue = true
    }

    private func finished(_ id: ClientMessageID) {
        guard let batch = pending.removeValue(forKey: id) else { return }
        inbox.clear(batch.due)
    }

    /// The next batch leaves when the one before was taken, and not at once: so they grow under load.
    private func pump() {
        guard let link, mayBeDue, pending.isEmpty, !waitsForMore() else {
            return awaitsAnswer.store(!pending.isEmpty, ordering: .releasing)
        }
        do {
            // What is due to somebody unknown is left for the next connection.
            while pending.isEmpty {
                let due = try inbox.receiptsDue(after: &through, limit: Receipt.maxIDs)
                guard !due.isEmpty else {
                    mayBeDue = false
                    break
                }
                let batches = due.compactMap { make($0) }
                for batch in batches { pending[batch.send.clientMessageID] = batch }
                awaitsAnswer.store(!pending.isEmpty, ordering: .releasing)
                lastBatchAt = .now()
                link.send(batches.map { $0.send.frame(body: $0.body) })
            }
        } catch {
            logger.error("inbox_unreadable", metadata: ["error": .string("\(error)")])
        }
    }

    private func waitsForMore() -> Bool {
        guard let next = lastBatchAt.map({ $0 + Self.batchInterval }), next > .now() else { return false }
        if !isBatchScheduled {
            isBatchScheduled = true
            queue.asyncAfter(deadline: next) { [self] in
                isBatchScheduled = false
                pump()
            }
        }
        return true
    }

    private func make(_ due: DueReceipt) -> Pending? {
        guard let member = family.member(due.sender) else { return nil }
        let seq = lastSeq[due.sender, default: 0] + 1
        let receipt = Receipt(kind: due.kind, ids: due.ids, at: now(), reason: due.reason)
        let made = control.make(
            Receipt.contentType, receipt.canonicalBytes(), to: member, line: line, seq: seq, now: now())
        guard let (send, body) = made else { return nil }
        lastSeq[due.sender] = seq
        return Pending(send: send, body: body, due: due)
    }

    /// The same batches again, in order, after a second.
    private func scheduleRetry() {
        guard !isRetryScheduled else { return }
        isRetryScheduled = true
        queue.asyncAfter(deadline: .now() + 1) { [self] in
            isRetryScheduled = false
            let batches = pending.values.sorted { $0.send.seq < $1.send.seq }
            link?.send(batches.map { $0.send.frame(body: $0.body) })
        }
    }
}
