import KinEncoding
import KinWire

/// One question for history after the other, and what belongs to its answer: a pure state machine.
///
/// The broker may be anybody's: an answer holds no more than was asked for, and each page lies below the one before, so that there is an end.
struct RefillDialogue {
    /// Seconds without a word of an answer until it is not waited for any longer.
    static let patience = 30.0
    /// Messages of a page.
    static let limit: Int64 = 256
    /// Bytes of their bodies; one message may be larger.
    static let maxBytes = 1 << 20
    /// Pages in a row that bring nothing new, each followed by a pause, until the pause is a longer one. A month of receipts is many of them, and
    /// so it is no fault: each lies below the one before.
    static let maxBarren = 1_000
    /// Questions given up whose answers may still be on their way.
    private static let maxLate = 8

    /// What no honest broker says: its history is not read on.
    enum Fault: String, Error, CaseIterable {
        case tooManyItems = "too_many_items"
        case pageTooLarge = "page_too_large"
        /// An item is not older than the one before, or than was asked for.
        case itemsOutOfOrder = "items_out_of_order"
        /// The next page would not lie below this one.
        case pagesOutOfOrder = "pages_out_of_order"
    }

    struct Item {
        var push: Push
        var body: [UInt8]
    }

    /// A whole answer.
    struct Page {
        /// Newest first.
        var items: [Item]
        /// Where the next begins; nil: this was the last.
        var before: Int64?
    }

    /// When to ask for the next page.
    enum Pace {
        case atOnce, soon, later
    }

    /// What a frame was.
    enum Heard {
        /// Part of no answer.
        case unexpected
        /// Part of the answer to a question that was given up.
        case late
        /// More is to come.
        case item
        case page(Page)
    }

    private struct Question {
        var request: ULID
        /// Below the last item, or where none came, what was asked for.
        var below: Int64
        /// When it was asked, or the last item came: seconds.
        var heardAt: Double
        var items: [Item] = []
        var bytes = 0
    }

    private var question: Question?
    private var barren = 0
    /// Oldest first, and how many items more may come of each.
    private var late: [(request: ULID, items: Int64)] = []

    var isWaiting: Bool { question != nil }

    /// Whether more of an answer is waited for: over a slow link a page may take long, but something of it comes all the time.
    enum Patience: Hashable {
        /// That question is not open any more.
        case over
        /// Seconds.
        case left(Double)
        /// It was given up now.
        case exhausted
    }

    mutating func patience(for request: ULID, at time: Double) -> Patience {
        guard let question, question.request == request else { return .over }
        let left = question.heardAt + Self.patience - time
        if left > 0 { return .left(left) }
        _ = giveUp(request)
        return .exhausted
    }

    /// - Parameters:
    ///   - member: who asks, for everything that was sent to it.
    ///   - time: seconds, of a clock that is never set.
    mutating func ask(_ request: ULID, of member: ULID, before: Int64?, at time: Double) -> History {
        question = Question(request: request, below: before ?? .max, heardAt: time)
        return History(request: request, conversation: .dm(member), before: before, limit: Self.limit)
    }

    mutating func received(_ item: HistoryItem, body: [UInt8], at time: Double) throws(Fault) -> Heard {
        guard var asked = question, asked.request == item.request else { return heardLate(item.request) }
        question = nil
        guard asked.items.count < Self.limit else { throw .tooManyItems }
        asked.bytes += body.count
        guard asked.bytes <= Self.maxBytes || asked.items.isEmpty else { throw .pageTooLarge }
        guard item.push.brokerMessageID < asked.below else { throw .itemsOutOfOrder }
        (asked.below, asked.heardAt) = (item.push.brokerMessageID, time)
        asked.items.append(Item(push: item.push, body: body))
        question = asked
        return .item
    }

    mutating func received(_ end: HistoryEnd) throws(Fault) -> Heard {
        guard let asked = question, asked.request == end.request else {
            defer { late.removeAll { $0.request == end.request } }
            return late.contains { $0.request == end.request } ? .late : .unexpected
        }
        question = nil
        if let before = end.before {
            // The last item's own id is where it goes on after that.
            guard before < asked.below || before == asked.below && !asked.items.isEmpty else { throw .pagesOutOfOrder }
        }
        return .page(Page(items: asked.items, before: end.before))
    }

    /// The page is stored, and so many of its messages were not here.
    mutating func stored(new: Int) -> Pace {
        barren = new > 0 ? 0 : barren + 1
        return barren == 0 ? .atOnce : barren < Self.maxBarren ? .soon : .later
    }

    private mutating func heardLate(_ request: ULID) -> Heard {
        guard let index = late.firstIndex(where: { $0.request == request && $0.items > 0 }) else { return .unexpected }
        late[index].items -= 1
        return .late
    }

    /// The question is not waited for any longer; what still comes of its answer goes nowhere.
    /// - Parameter request: nil: whichever is open.
    /// - Returns: whether it was open.
    mutating func giveUp(_ request: ULID? = nil) -> Bool {
        guard let question, request == nil || question.request == request else { return false }
        self.question = nil
        late = late.suffix(Self.maxLate - 1) + [(question.request, Self.limit - Int64(question.items.count))]
        return true
    }
}
