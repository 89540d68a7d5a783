import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinDaemon

/// One page of history after the other, whatever the broker says.
@Suite struct RefillDialogueTests {
    private let member = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))
    private var dialogue = RefillDialogue()

    private func request(_ number: UInt8 = 1) -> ULID {
        ULID(milliseconds: 2, randomness: [UInt8](repeating: number, count: 10))
    }

    private func item(_ id: Int64, request number: UInt8 = 1) throws -> HistoryItem {
        HistoryItem(
            request: request(number),
            push: Push(
                brokerMessageID: id, clientMessageID: try ClientMessageID("m\(id)").orThrow("an id"), sender: member,
                line: [UInt8](repeating: 1, count: 8), seq: 1, destination: .dm(member), priority: .next, sentAt: 1))
    }

    private func end(_ before: Int64?, request number: UInt8 = 1) -> HistoryEnd {
        HistoryEnd(request: request(number), before: before)
    }

    private mutating func isItem(_ id: Int64, bytes: Int = 1) throws -> Bool {
        if case .item = try dialogue.received(item(id), body: [UInt8](repeating: 0, count: bytes)) {
            true
        } else {
            false
        }
    }

    private mutating func isUnexpected(_ item: HistoryItem) throws -> Bool {
        if case .unexpected = try dialogue.received(item, body: [1]) { true } else { false }
    }

    private mutating func isLate(_ item: HistoryItem) throws -> Bool {
        if case .late = try dialogue.received(item, body: [1]) { true } else { false }
    }

    private mutating func pace(new: Int) -> RefillDialogue.Pace { dialogue.stored(new: new) }

    private mutating func patience(_ number: UInt8 = 1, at time: Double) -> RefillDialogue.Patience {
        dialogue.patience(for: request(number), at: time)
    }

    private mutating func page(_ before: Int64?) throws -> RefillDialogue.Page? {
        if case .page(let page) = try dialogue.received(end(before)) { page } else { nil }
    }

    private mutating func fault(of body: (inout RefillDialogue) throws(RefillDialogue.Fault) -> RefillDialogue.Heard)
        -> RefillDialogue.Fault?
    {
        do throws(RefillDialogue.Fault) {
            _ = try body(&dialogue)
            return nil
        } catch {
            return error
        }
    }

    @Test("a page is what came between the question and its end")
    mutating func whole() throws {
        let asked = dialogue.ask(request(), of: member, before: nil)
        #expect(asked == History(request: request(), conversation: .dm(member), before: nil, limit: 256))
        #expect(dialogue.isWaiting)
        #expect(try isItem(9) && isItem(7))
        let page = try #require(try page(7))
        #expect(page.items.map(\.push.brokerMessageID) == [9, 7] && page.before == 7 && !dialogue.isWaiting)
        #expect(dialogue.ask(request(2), of: member, before: 7).before == 7)
    }

    @Test("what nobody asked for is no part of an answer")
    mutating func unasked() throws {
        #expect(try isUnexpected(item(9)) && page(nil) == nil)
        _ = dialogue.ask(request(), of: member, before: nil)
        #expect(try isUnexpected(item(9, request: 2)))
        if case .page = try dialogue.received(end(nil, request: 2)) { Issue.record("another request's end") }
        #expect(dialogue.isWaiting)
        #expect(dialogue.giveUp(request(2)) == false && dialogue.giveUp(request()) == true)
    }

    @Test("what comes late of an answer that was given up goes nowhere and is expected, once, and to its end")
    mutating func late() throws {
        _ = dialogue.ask(request(), of: member, before: nil)
        #expect(try isItem(300))
        #expect(dialogue.giveUp() == true)
        _ = dialogue.ask(request(2), of: member, before: nil)
        for id in 1..<256 { #expect(try isLate(item(300 - Int64(id)))) }
        #expect(try isUnexpected(item(9)), "more than was asked for")
        if case .late = try dialogue.received(end(9)) {} else { Issue.record("its end") }
        #expect(try isUnexpected(item(9)))
        if case .unexpected = try dialogue.received(end(9)) {} else { Issue.record("it has one end") }
        #expect(dialogue.isWaiting)
    }

    @Test("an answer is waited for as long as something of it comes")
    mutating func slow() throws {
        _ = dialogue.ask(request(), of: member, before: nil, at: 100)
        #expect(patience(2, at: 200) == .over)
        #expect(patience(at: 110) == .left(20))
        for turn in 1...10 {
            _ = try dialogue.received(item(100 - Int64(turn)), body: [1], at: 100 + Double(turn) * 25)
        }
        #expect(patience(at: 360) == .left(20))
        #expect(dialogue.isWaiting)
        #expect(patience(at: 380) == .exhausted)
        #expect(!dialogue.isWaiting && patience(at: 381) == .over)
    }

    @Test("items that do not fall, from one to the next or below what was asked for, break it off")
    mutating func items() throws {
        for (before, ids) in [(nil, [9, 9]), (nil, [9, 10]), (9, [9]), (9, [12])] as [(Int64?, [Int64])] {
            _ = dialogue.ask(request(), of: member, before: before)
            for id in ids.dropLast() { #expect(try isItem(id)) }
            let last = try item(ids[ids.count - 1])
            #expect(fault { d throws(RefillDialogue.Fault) in try d.received(last, body: [1]) } == .itemsOutOfOrder)
            #expect(!dialogue.isWaiting)
        }
    }

    @Test("a next page that does not lie below this one breaks it off")
    mutating func pages() throws {
        for (before, ids, next) in [(9, [], 9), (9, [], 10), (9, [5], 6), (nil, [5], 9)] as [(Int64?, [Int64], Int64)] {
            _ = dialogue.ask(request(), of: member, before: before)
            for id in ids { #expect(try isItem(id)) }
            let last = end(next)
            #expect(fault { d throws(RefillDialogue.Fault) in try d.received(last) } == .pagesOutOfOrder)
        }
        _ = dialogue.ask(request(), of: member, before: nil)
        #expect(try page(400)?.before == 400, "an empty first page may say where it goes on")
    }

    @Test("more than was asked for, in number or in bytes, breaks it off")
    mutating func tooMuch() throws {
        _ = dialogue.ask(request(), of: member, before: nil)
        for id in 0..<256 { #expect(try isItem(1_000 - Int64(id))) }
        let more = try item(1)
        #expect(fault { d throws(RefillDialogue.Fault) in try d.received(more, body: [1]) } == .tooManyItems)
        _ = dialogue.ask(request(), of: member, before: nil)
        #expect(try isItem(5, bytes: 2 << 20), "a single one may be large")
        #expect(fault { d throws(RefillDialogue.Fault) in try d.received(more, body: [1]) } == .pageTooLarge)
    }

    @Test("pages that bring nothing new are asked for slowly, many of them more slowly, and never end it")
    mutating func barren() {
        for _ in 1..<RefillDialogue.maxBarren { #expect(pace(new: 0) == .soon) }
        #expect(pace(new: 3) == .atOnce)
        for _ in 1..<RefillDialogue.maxBarren { #expect(pace(new: 0) == .soon) }
        for _ in 1...1000 { #expect(pace(new: 0) == .later) }
        #expect(pace(new: 1) == .atOnce)
    }
}

/// Where the time is of no matter.
extension RefillDialogue {
    fileprivate mutating func ask(_ request: ULID, of member: ULID, before: Int64?) -> History {
        ask(request, of: member, before: before, at: 0)
    }

    fileprivate mutating func received(_ item: HistoryItem, body: [UInt8]) throws(Fault) -> Heard {
        try received(item, body: body, at: 0)
    }
}
