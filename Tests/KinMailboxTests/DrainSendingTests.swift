import KinWire
import Testing

@testable import KinMailbox

@Suite struct DrainSendingTests {
    let one = Sample.lane(1)
    let two = Sample.lane(2)

    @Test("before a session nothing leaves and nothing is read")
    func offline() {
        let bench = DrainBench()
        #expect(!bench.accept("a"))
        #expect(bench.nextLoad() == nil)
        #expect(bench.nextDeadline == nil)
        #expect(bench.inFlightCount == 0)
    }

    @Test("on an idle session a message leaves at once, unread from the disk")
    func direct() {
        let bench = DrainBench.connected()
        #expect(bench.accept("a"))
        #expect(bench.accept("b"))
        #expect(bench.nextLoad() == nil)
        #expect(bench.sent == ["a", "b"])
        #expect(bench.inFlightCount == 2)
    }

    @Test("what waited before the session is read from its start, and leaves in order")
    func backlog() throws {
        let bench = DrainBench()
        bench.accept(1...3, one)
        bench.connect()
        let load = try #require(bench.nextLoad())
        #expect(load == Drain.Load(lane: one, after: 0, limit: Drain.laneWindow))
        bench.answer(load, with: bench.rows(for: load))
        bench.pump()
        #expect(bench.sent == ["1", "2", "3"])
    }

    @Test("a message accepted while its lane is being read waits for the lane's turn")
    func behind() throws {
        let bench = DrainBench()
        bench.accept("a", one)
        bench.connect()
        #expect(!bench.accept("b", one))
        #expect(bench.sent == [])
        bench.pump()
        #expect(bench.sent == ["a", "b"])
        #expect(bench.accept("c", one))
    }

    @Test("a lane read to its end sends directly again")
    func caughtUp() throws {
        let bench = DrainBench()
        bench.accept("a", one)
        bench.connect()
        let first = try #require(bench.nextLoad())
        bench.answer(first, with: bench.rows(for: first))
        let second = try #require(bench.nextLoad())
        #expect(second.after == 1)
        bench.answer(second, with: [])
        #expect(bench.nextLoad() == nil)
        #expect(bench.accept("b", one))
    }

    @Test("a message that comes while an empty answer is on its way is read after it")
    func cameDuringLoad() throws {
        let bench = DrainBench()
        bench.accept("a", one)
        bench.connect()
        let first = try #require(bench.nextLoad())
        bench.answer(first, with: bench.rows(for: first))
        let last = try #require(bench.nextLoad())
        let seenByTheRead = bench.rows(for: last)
        #expect(!bench.accept("b", one))
        #expect(bench.answer(last, with: seenByTheRead) == 0)
        bench.pump()
        #expect(bench.sent == ["a", "b"])
    }

    @Test("a message that the read saw and that is announced after it leaves once")
    func announcedLate() throws {
        let bench = DrainBench()
        bench.accept("a", one)
        bench.connect()
        let late = bench.commit("b", one)
        bench.pump()
        #expect(!bench.announce(late))
        bench.pump()
        #expect(bench.sent == ["a", "b"])
        #expect(bench.inFlightCount == 2)
    }

    @Test("one load is out at a time, and a failed one is given again")
    func oneLoad() throws {
        let bench = DrainBench()
        bench.accept("a", one)
        bench.accept("b", two)
        bench.connect()
        let first = try #require(bench.nextLoad())
        #expect(bench.nextLoad() == nil)
        bench.loadFailed()
        #expect(bench.answer(first, with: bench.rows(for: first)) == 0)
        #expect(bench.nextLoad()?.after == 0)
        bench.loadFailed()
        bench.pump()
        #expect(Set(bench.sent) == ["a", "b"] && bench.sent.count == 2)
    }

    @Test("an answer to a load of the session before sends nothing")
    func staleAnswer() throws {
        let bench = DrainBench()
        bench.accept("a", one)
        bench.connect()
        let stale = try #require(bench.nextLoad())
        bench.disconnect()
        #expect(bench.answer(stale, with: bench.rows(for: stale)) == 0)
        bench.connect()
        #expect(bench.answer(stale, with: bench.rows(for: stale)) == 0)
        bench.pump()
        #expect(bench.sent == ["a"])
    }
}

@Suite struct DrainWindowTests {
    let one = Sample.lane(1)

    @Test("256 messages of a lane may be unanswered, and an ack makes room for one more")
    func laneWindow() throws {
        let bench = DrainBench.connected()
        bench.accept(1...300, one)
        #expect(bench.sent.count == 256)
        bench.pump()
        #expect(bench.sent.count == 256)
        #expect(bench.nextLoad() == nil)
        #expect(bench.ack("7"))
        let load = try #require(bench.nextLoad())
        #expect(load == Drain.Load(lane: one, after: 256, limit: 1))
        bench.answer(load, with: bench.rows(for: load))
        #expect(bench.takeSent().last == "257")
    }

    @Test("1,024 messages of all lanes may be unanswered")
    func totalWindow() throws {
        let bench = DrainBench.connected()
        for number in UInt8(1)...4 { bench.accept(1...256, Sample.lane(number), prefix: "\(number)-") }
        #expect(bench.inFlightCount == 1024)
        let fifth = Sample.lane(5)
        #expect(!bench.accept("5-1", fifth))
        bench.pump()
        #expect(bench.inFlightCount == 1024)
        #expect(bench.ack("2-9"))
        #expect(bench.nextLoad() == Drain.Load(lane: fifth, after: 0, limit: 1))
    }

    @Test("a backlog larger than the window is read in parts, each as large as the room")
    func parts() {
        let bench = DrainBench()
        bench.accept(1...600, one)
        bench.connect()
        bench.pump()
        #expect(bench.sent.count == 256)
        for number in 1...256 { #expect(bench.ack("\(number)")) }
        bench.pump()
        for number in 257...512 { #expect(bench.ack("\(number)")) }
        bench.pump()
        #expect(bench.sent == (1...600).map(String.init))
    }

    @Test("a message that never left frees its place")
    func dropped() throws {
        let bench = DrainBench.connected()
        bench.accept(1...257, one)
        #expect(bench.nextLoad() == nil)
        bench.drop("256")
        #expect(bench.inFlightCount == 255)
        #expect(bench.nextLoad() == Drain.Load(lane: one, after: 256, limit: 1))
        bench.drop("256")
        #expect(bench.inFlightCount == 255)
    }
}
