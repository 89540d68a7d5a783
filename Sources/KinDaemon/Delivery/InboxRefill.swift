import Dispatch
import KinClient
import KinCrypto
import KinEncoding
import KinMailbox
import KinSession
import KinWire
import Logging
import Synchronization

/// Fills a fresh inbox again from the broker's history, newest first, a page at a time: without events, hooks or receipts.
///
/// A damaged `inbox.db` was set aside, and the fresh one keeps a mark of how far this has come, so that it goes on over sessions and restarts.
final class InboxRefill: Sendable {
    /// Seconds before the same is asked again: after a refusal for now, and after none or one that may last.
    private static let pauses = (short: 1.0, long: 60.0)
    /// Seconds after a page that brought nothing new.
    private static let barrenPause = 0.1
    private static let day: Int64 = 86_400_000

    private struct State {
        var link: MeshLink?
        /// The broker's store on this link.
        var store: [UInt8] = []
        var dialogue = RefillDialogue()
        /// A page is on its way to the disk: what follows it is not known before.
        var isStoring = false
        /// nil where nothing is to be done.
        var mark: RefillMark?
        /// An older server was said to be one.
        var isToldOfOlderServer = false
    }

    private let queue = DispatchQueue(label: "inbox-refill")
    private let state: Mutex<State>
    private let inbox: InboxStore
    private let opener: PushOpener
    private let enclosed: EnclosedMail
    private let member: ULID
    /// What is older than this the inbox would delete, and never take for new: milliseconds.
    private let horizon: Int64
    private let metrics: DaemonMetrics
    private let logger: Logger
    /// Milliseconds.
    private let now: @Sendable () -> Int64

    /// - Parameter days: how long the inbox keeps messages.
    init(
        inbox: InboxStore, opener: PushOpener, enclosed: EnclosedMail, member: ULID, days: Int, metrics: DaemonMetrics,
        logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) {
        self.inbox = inbox
        self.opener = opener
        self.enclosed = enclosed
        self.member = member
        horizon = max(Int64(days), InboxStore.formerDays) * Self.day
        self.metrics = metrics
        self.logger = logger
        self.now = now
        // The file was opened and checked just now; where it fails all the same, the next start goes on.
        state = Mutex(State(mark: try? inbox.refillMark()))
    }

    /// - Parameter store: by what the broker's ids are known.
    func connected(_ link: MeshLink, store: [UInt8]) {
        state.withLock { state in
            (state.link, state.store, state.dialogue) = (link, store, RefillDialogue())
        }
        ask(on: link)
    }

    func disconnected(_ link: MeshLink) {
        state.withLock { state in
            guard state.link === link else { return }
            state.link = nil
            _ = state.dialogue.giveUp()
        }
    }

    // MARK: What the broker says

    func received(_ item: HistoryItem, body: [UInt8], on link: MeshLink) {
        hear(on: link) { dialogue throws(RefillDialogue.Fault) in
            try dialogue.received(item, body: body, at: Self.uptime)
        }
    }

    func received(_ end: HistoryEnd, on link: MeshLink) {
        hear(on: link) { dialogue throws(RefillDialogue.Fault) in try dialogue.received(end) }
    }

    private func hear(
        on link: MeshLink,
        _ body: (inout RefillDialogue) throws(RefillDialogue.Fault) -> RefillDialogue.Heard
    ) {
        do throws(RefillDialogue.Fault) {
            let (heard, store) = try state.withLock {
                state throws(RefillDialogue.Fault) -> (RefillDialogue.Heard, [UInt8]) in
                guard state.link === link else { return (.unexpected, []) }
                let heard = try body(&state.dialogue)
                if case .page = heard { state.isStoring = true }
                return (heard, state.store)
            }
            switch heard {
            case .unexpected: metrics.inbound.note(.frameUnexpected)
            case .item, .late: break
            case .page(let page): queue.async { [self] in take(page, store) }
            }
        } catch {
            breakOff(error)
        }
    }

    /// - Returns: whether that was the answer to a question for history.
    func brokerRefused(_ error: ErrorFrame, on link: MeshLink) -> Bool {
        // A broker that does not know the type cannot say what it answers.
        guard error.ref == "history" || error.ref == nil && error.code == "unknown_message_type" else { return false }
        let (isOurs, isNews) = state.withLock { state -> (Bool, Bool) in
            guard state.link === link, state.dialogue.giveUp() else { return (false, false) }
            let isOlder = Self.olderServer.contains(error.code)
            defer { if isOlder { state.isToldOfOlderServer = true } }
            return (true, !(isOlder && state.isToldOfOlderServer))
        }
        guard isOurs else { return false }
        switch error.code {
        case "rate_limited", "history_busy": askAgain(in: Self.pauses.short, on: link)
        case _ where Self.olderServer.contains(error.code): if isNews { wait(because: error.code) }
        default:
            wait(because: error.code)
            askAgain(in: Self.pauses.long, on: link)
        }
        return true
    }

    /// What a server answers that does not tell history: another session asks again.
    private static let olderServer: Set = ["unknown_message_type", "invalid_message"]

    // MARK: A page

    /// On `queue`.
    private func take(_ page: RefillDialogue.Page, _ store: [UInt8]) {
        let time = now()
        var messages: [IncomingMessage] = []
        var refused = 0
        for item in page.items {
            do throws(PushOpener.Refusal) {
                let incoming = try opener.openHistory(item.push, item.body, now: time)
                if !incoming.message.isDaemonsOwn { messages.append(incoming) }
            } catch {
                refused += 1
                metrics.inbound.note(InboundCounters.Fact(error.fault))
            }
        }
        // Newest first: what follows is older still.
        let isPast = !page.items.isEmpty && page.items.allSatisfy { $0.push.sentAt < time - horizon }
        let opened = RefillPage(
            messages: messages, refused: refused, store: store, before: isPast ? nil : page.before)
        inbox.refill(opened) { [self] result in
            queue.async { [self] in
                switch result {
                case .success(let new):
                    stored(opened, new: new)
                    if opened.messages.contains(where: \.isEnclosed) { enclosed.look() }
                case .failure(let error):
                    logger.error("inbox_write_failed", metadata: ["error": .string("\(error)")])
                    let link = state.withLock { state in
                        state.isStoring = false
                        return state.link
                    }
                    if let link { askAgain(in: Self.pauses.long, on: link) }
                }
            }
        }
    }

    /// The link may be another by now, which waited for this.
    private func stored(_ page: RefillPage, new: Int) {
        metrics.refilled.add(new)
        let (link, pace, over) = state.withLock { state -> (MeshLink?, RefillDialogue.Pace, RefillMark?) in
            state.isStoring = false
            state.mark?.store = page.store
            state.mark?.before = page.before
            state.mark?.refilled += Int64(new)
            state.mark?.refused += Int64(page.refused)
            let pace = state.dialogue.stored(new: new)
            guard page.before == nil else { return (state.link, pace, nil) }
            defer { state.mark = nil }
            return (nil, pace, state.mark)
        }
        if let over { return logger.notice("inbox_refilled", metadata: over.metadata) }
        guard let link else { return }
        switch pace {
        case .atOnce: ask(on: link)
        case .soon: askAgain(in: Self.barrenPause, on: link)
        case .later: askAgain(in: Self.pauses.short, on: link)
        }
    }

    // MARK: Asking

    private func ask(on link: MeshLink) {
        let request = ULID(milliseconds: now(), randomness: Random.bytes(10))
        let question = state.withLock { state -> History? in
            guard state.link === link, let mark = state.mark, !state.dialogue.isWaiting, !state.isStoring else {
                return nil
            }
            // Another store's ids say nothing here.
            return state.dialogue.ask(
                request, of: member, before: mark.store == state.store ? mark.before : nil, at: Self.uptime)
        }
        guard let question else { return }
        link.send([MeshFrame.history(question).encoded()])
        watch(request, on: link, for: RefillDialogue.patience)
    }

    private func watch(_ request: ULID, on link: MeshLink, for seconds: Double) {
        queue.asyncAfter(deadline: .now() + seconds) { [self] in
            switch state.withLock({ $0.link === link ? $0.dialogue.patience(for: request, at: Self.uptime) : .over }) {
            case .over: break
            case .left(let seconds): watch(request, on: link, for: seconds)
            case .exhausted:
                wait(because: "no_answer")
                askAgain(in: Self.pauses.long, on: link)
            }
        }
    }

    /// Seconds.
    private static var uptime: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    private func askAgain(in seconds: Double, on link: MeshLink) {
        queue.asyncAfter(deadline: .now() + seconds) { [self] in ask(on: link) }
    }

    private func wait(because reason: String) {
        logger.warning("inbox_refill_waits", metadata: ["reason": .string(reason)])
    }

    /// The broker does not tell history as one does. What is here stays.
    private func breakOff(_ fault: RefillDialogue.Fault) {
        metrics.inbound.note(.historyBroken)
        let mark = state.withLock { state in
            defer { state.mark = nil }
            return state.mark
        }
        guard let mark else { return }
        inbox.endRefill()
        logger.error(
            "inbox_refill_ended", metadata: mark.metadata.merging(["reason": .string(fault.rawValue)]) { $1 })
    }
}

extension RefillMark {
    fileprivate var metadata: Logger.Metadata {
        ["messages": .stringConvertible(refilled), "refused": .stringConvertible(refused)]
    }
}
