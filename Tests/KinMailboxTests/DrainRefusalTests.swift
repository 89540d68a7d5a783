import KinWire
import Testing

@testable import KinMailbox

@Suite struct DrainRefusalTests {
    let one = Sample.lane(1)
    let two = Sample.lane(2)

    @Test(
        "after a retryable refusal of n the lane starts again from n, and out_of_order answers to the rest change nothing"
    )
    func goBackN() throws {
        let bench = DrainBench.connected()
        bench.accept(1...4, one)
        _ = bench.takeSent()
        #expect(bench.ack("1"))
        #expect(bench.nack("2") == .delayed(until: bench.now + 500))
        #expect(bench.nack("3", "out_of_order") == .ignore)
        #expect(bench.nack("4", "out_of_order") == .ignore)
        #expect(bench.inFlightCount == 0)
        bench.now += 499
        #expect(bench.nextLoad() == nil)
        bench.now += 1
        let load = try #require(bench.nextLoad())
        #expect(load.after == 1)
        bench.answer(load, with: bench.rows(for: load))
        #expect(bench.sent == ["2", "3", "4"])
    }

    @Test("where the broker waits for what was given up, only another session goes on")
    func standsStill() throws {
        let bench = DrainBench.connected()
        bench.accept(1...3, one)
        #expect(bench.nack("1", "storage_full") == .delayed(until: bench.now + 500))
        bench.giveUp("1")
        bench.now += 500
        bench.pump()
        #expect(bench.takeSent().suffix(2) == ["2", "3"])
        #expect(bench.nack("3", "out_of_order") == .delayed(until: bench.now + 1000), "2 may still be taken")
        bench.now += 1000
        bench.pump()
        #expect(bench.nack("2", "out_of_order") == .standsStill)
        bench.disconnect()
        bench.connect()
        bench.pump()
        #expect(bench.nack("2", "out_of_order") == .delayed(until: bench.now + 500))
        bench.now += 500
        bench.pump()
        #expect(bench.nack("2", "out_of_order") == .delayed(until: bench.now + 1000), "another session changed nothing")
    }

    @Test("out_of_order without a refusal before it is no reason to connect again and again")
    func groundless() {
        let bench = DrainBench.connected()
        bench.accept(1...2, one)
        #expect(bench.nack("1", "out_of_order") == .delayed(until: bench.now + 500))
    }

    @Test("what was sent before n keeps waiting for its own answer")
    func earlierStands() {
        let bench = DrainBench.connected()
        bench.accept(1...3, one)
        #expect(bench.nack("2") == .delayed(until: bench.now + 500))
        #expect(bench.inFlightCount == 1)
        #expect(bench.ack("1"))
        #expect(!bench.ack("3"))
    }

    @Test("a refusal of n after one of a later message goes back further")
    func furtherBack() throws {
        let bench = DrainBench.connected()
        bench.accept(1...3, one)
        #expect(bench.nack("3") == .delayed(until: bench.now + 500))
        #expect(bench.nack("2") == .delayed(until: bench.now + 1000))
        bench.now += 1000
        let load = try #require(bench.nextLoad())
        #expect(load.after == 1)
    }

    @Test("the wait doubles from half a second to 60 s and stays there")
    func doubling() {
        let bench = DrainBench.connected()
        bench.accept("a", one)
        var waits: [Int64] = []
        for _ in 0..<10 {
            guard case .delayed(let until) = bench.nack("a") else { break }
            waits.append(until - bench.now)
            bench.now = until
            bench.pump()
        }
        #expect(waits == [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    }

    @Test("chance is asked for a part of each wait, and adds to it")
    func jitter() {
        let asked = Log<Int64>()
        let bench = DrainBench.connected(
            Drain { delay in
                asked.add(delay)
                return 77
            })
        bench.accept("a", one)
        #expect(bench.nack("a") == .delayed(until: bench.now + 577))
        bench.now += 577
        bench.pump()
        #expect(bench.nack("a") == .delayed(until: bench.now + 1077))
        #expect(asked.entries == [500, 1000])
    }

    @Test("the default chance adds at most a quarter")
    func defaultJitter() {
        for _ in 0..<200 {
            let bench = DrainBench.connected(Drain())
            bench.accept("a", one)
            guard case .delayed(let until) = bench.nack("a") else {
                Issue.record("a retryable refusal delays")
                return
            }
            #expect((500...625).contains(until - bench.now))
        }
    }

    @Test("an ack ends the doubling")
    func ackResets() {
        let bench = DrainBench.connected()
        bench.accept("a", one)
        #expect(bench.nack("a") == .delayed(until: bench.now + 500))
        bench.now += 500
        bench.pump()
        #expect(bench.ack("a"))
        bench.pump()
        bench.accept("b", one)
        #expect(bench.nack("b") == .delayed(until: bench.now + 500))
    }

    @Test("retry_after_ms holds where it is longer than the wait, and only there")
    func retryAfter() {
        let bench = DrainBench.connected()
        bench.accept("a", one)
        #expect(bench.nack("a", after: 30_000) == .delayed(until: bench.now + 30_000))
        bench.now += 30_000
        bench.pump()
        #expect(bench.nack("a", after: 10) == .delayed(until: bench.now + 1000))
    }

    @Test("an unknown recipient is introduced and tried again at once; from the second time on it waits")
    func introduces() throws {
        let bench = DrainBench.connected()
        bench.accept(1...2, one)
        #expect(bench.nack("1", "unknown_member") == .introduce(one, until: bench.now))
        #expect(bench.nack("2", "out_of_order") == .ignore)
        _ = bench.takeSent()
        bench.pump()
        #expect(bench.sent == ["1", "2"])
        #expect(bench.nack("1", "unknown_member") == .introduce(one, until: bench.now + 1000))
        bench.pump()
        #expect(bench.sent == ["1", "2"])
        bench.now += 1000
        bench.pump()
        #expect(bench.sent == ["1", "2", "1", "2"])
    }

    @Test("a final refusal ends that message alone")
    func dead() {
        let bench = DrainBench.connected()
        bench.accept(1...3, one)
        #expect(bench.nack("2", "too_large", retryable: false) == .dead)
        #expect(bench.nack("2", "too_large", retryable: false) == .ignore)
        #expect(bench.inFlightCount == 2)
        #expect(bench.nextDeadline == nil)
        #expect(bench.ack("1"))
        #expect(bench.ack("3"))
        #expect(bench.accept("4", one))
    }

    @Test("answers to what was never sent mean nothing")
    func unknownAnswers() {
        let bench = DrainBench.connected()
        #expect(!bench.ack("x"))
        #expect(bench.nack("x") == .ignore)
        #expect(bench.nack("x", retryable: false) == .ignore)
        bench.drop("x")
        #expect(bench.accept("x", one))
        #expect(bench.ack("x"))
        #expect(!bench.ack("x"))
    }

    @Test("a waiting lane holds no other, not even to the same device")
    func independence() {
        let bench = DrainBench.connected()
        let urgent = Sample.lane(1, .now)
        bench.accept("a", one)
        #expect(bench.nack("a") == .delayed(until: bench.now + 500))
        #expect(!bench.accept("b", one))
        #expect(bench.accept("c", two))
        #expect(bench.accept("d", urgent))
        #expect(bench.nack("d") == .delayed(until: bench.now + 500))
        bench.now += 100
        #expect(bench.nack("c", after: 50) == .delayed(until: bench.now + 500))
        #expect(bench.nextDeadline == bench.now + 400)
        bench.now += 400
        _ = bench.takeSent()
        bench.pump()
        #expect(Set(bench.sent) == ["a", "b", "d"])
        #expect(bench.nextDeadline == bench.now + 100)
    }

    @Test("a refusal while the lane is read makes the answer worthless: nothing overtakes n")
    func refusalDuringLoad() throws {
        let bench = DrainBench.connected()
        bench.accept(1...256, one)
        bench.accept("257", one)
        #expect(bench.ack("1"))
        let load = try #require(bench.nextLoad())
        let rows = bench.rows(for: load)
        #expect(rows.map(\.seq) == [257])
        #expect(bench.nack("2") == .delayed(until: bench.now + 500))
        _ = bench.takeSent()
        #expect(bench.answer(load, with: rows) == 0)
        bench.now += 500
        bench.pump()
        #expect(bench.sent == (2...257).map(String.init))
    }

    @Test(
        "a lost connection forgets the waiting and the sent; the next session starts with everything unresolved, in order"
    )
    func reconnect() {
        let bench = DrainBench.connected()
        bench.accept(1...4, one)
        bench.accept("x", two)
        #expect(bench.ack("2"))
        #expect(bench.nack("3") == .delayed(until: bench.now + 500))
        bench.disconnect()
        #expect(bench.inFlightCount == 0)
        #expect(bench.nextDeadline == nil)
        #expect(!bench.accept("5", one))
        #expect(!bench.ack("1"))
        _ = bench.takeSent()
        bench.connect()
        bench.pump()
        #expect(bench.sent.filter { $0 != "x" } == ["1", "3", "4", "5"])
        #expect(bench.sent.contains("x") && bench.sent.count == 5)
        #expect(bench.nack("1") == .delayed(until: bench.now + 500))
    }
}
