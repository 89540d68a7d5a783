import KinEncoding
import KinWire

/// One question for history after the other, and what belongs to its answer: a pure state machine.
///
/// The broker may be anybody's: an answer holds no more than was asked for, and each page lies below the one before, so that there is an end.
struct RefillDialogue {
    /// Messages of a page.
    static let limit: Int64 = 256
    /// Bytes of their bodies; one message may be larger.
    static let maxBytes = 1 << 20
    /// Pages in a row that bring nothing new; each is followed by a pause.
    static let maxBarren = 1_000

    /// What no honest broker says: its history is not read on.
    enum Fault: String, Error, CaseIterable {
        case tooManyItems = "too_many_items"
        case pageTooLarge = "page_too_large"
        /// An item is not older than the one before, or than was asked for.
        case itemsOutOfOrder = "items_out_of_order"
        /// The next page would not lie below this one.
        case pagesOutOfOrder = "pages_out_of_order"
        case nothingNew = "nothing_new"
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

    /// What a frame was.
    enum Heard {
        /// Part of no answer.
        case unexpected
        /// More is to come.
        case item
        case page(Page)
    }

    private struct Question {
        var request: ULID
        /// Below the last item, or where none came, what was asked for.
        var below: Int64
        var items: [Item] = []
        var bytes = 0
    }

    private var question: Question?
    private var barren = 0

    var isWaiting: Bool { question != nil }

    /// - Parameter member: who asks, for everything that was sent to it.
    mutating func ask(_ request: ULID, of member: ULID, before: Int64?) -> History {
        question = Question(request: request, below: before ?? .max)
        return History(request: request, conversation: .dm(member), before: before, limit: Self.limit)
    }

    mutating func received(_ item: HistoryItem, body: [UInt8]) throws(Fault) -> Heard {
        guard var asked = question, asked.request == item.request else { return .unexpected }
        question = nil
        guard asked.items.count < Self.limit else { throw .tooManyItems }
        asked.bytes += body.count
        guard asked.bytes <= Self.maxBytes || asked.items.isEmpty else { throw .pageTooLarge }
        guard item.push.brokerMessageID < asked.below else { throw .itemsOutOfOrder }
        asked.below = item.push.brokerMessageID
        asked.items.append(Item(push: item.push, body: body))
        question = asked
        return .item
    }

    mutating func received(_ end: HistoryEnd) throws(Fault) -> Heard {
        guard let asked = question, asked.request == end.request else { return .unexpected }
        question = nil
        if let before = end.before {
            // The last item's own id is where it goes on after that.
            guard before < asked.below || before == asked.below && !asked.items.isEmpty else { throw .pagesOutOfOrder }
        }
        return .page(Page(items: asked.items, before: end.before))
    }

    /// The page is stored, and so many of its messages were not here.
    /// - Returns: whether the next may be asked for at once.
    mutating func stored(new: Int) throws(Fault) -> Bool {
        barren = new > 0 ? 0 : barren + 1
        guard barren < Self.maxBarren else { throw .nothingNew }
        return barren == 0
    }

    /// The question is not waited for any longer; what still comes is an answer to none.
    /// - Parameter request: nil: whichever is open.
    /// - Returns: whether it was open.
    mutating func giveUp(_ request: ULID? = nil) -> Bool {
        guard let question, request == nil || question.request == request else { return false }
        self.question = nil
        return true
    }
}
