import KinRelay
import KinTesting
import Testing

/// What one address, or who knows a route id, can take of a relay.
@Suite struct StrangerTests {
    let family = Family()

    @Test("one address takes 64 slots of a route id, an IPv6 customer as one; it takes others elsewhere")
    func slots() throws {
        let relay = TestRelay()
        for machine in 0..<64 {
            let outcome = relay.connect(
                try family.request(machine), UInt64(machine), from: "2001:db8:1:1::\(machine % 9)")
            #expect(outcome == .fresh)
        }
        #expect(try relay.connect(family.request(64), 100, from: "2001:db8:1:1::f").status == 429)
        #expect(try relay.connect(Family(2).request(64), 101, from: "2001:db8:1:1::f") == .fresh)
        #expect(try relay.connect(family.request(65), 102, from: "2001:db8:1:2::f") == .fresh)
        #expect(try relay.connect(family.request(7), 103, from: "2001:db8:1:1::f") == .replacing(7))
        relay.disconnect(8)
        relay.sweep(at: 10_000)
        #expect(try relay.connect(family.request(66), 104, from: "2001:db8:1:1::f", at: 10_000) == .fresh)
    }

    @Test("a device that was here comes back though strangers have taken every slot; a new one does not")
    func comesBack() throws {
        let relay = TestRelay()
        _ = try relay.connect(family.request(1), 1, from: "198.51.100.1")
        relay.disconnect(1)
        relay.sweep(at: 10_000)
        for machine in 100..<356 {
            let address = "192.0.2.\(machine / 60)"
            #expect(try relay.connect(family.request(machine), UInt64(machine), from: address, at: 10_000) == .fresh)
        }
        #expect(try relay.connect(family.request(2), 2, from: "198.51.100.1", at: 10_000).status == 429)
        #expect(try relay.connect(family.request(1, secret: 2), 3, from: "198.51.100.1", at: 10_000).status == 401)
        #expect(try relay.connect(family.request(1), 4, from: "198.51.100.1", at: 10_000) == .fresh)
    }

    @Test("slots of devices that were here are bounded too, so that a family's list can be read")
    func bounded() throws {
        let relay = TestRelay {
            $0.machinesPerRoute = 4
        }
        var now: Int64 = 0
        for round in 0..<3 {
            for machine in 0..<4 {
                let number = round * 4 + machine
                #expect(try relay.connect(family.request(number), UInt64(number), at: now) == .fresh)
                relay.disconnect(UInt64(number), at: now)
            }
            now += 10_000
            relay.sweep(at: now)
        }
        let back = try (0..<12).map { try relay.connect(family.request($0), UInt64(100 + $0), at: now).status }
        #expect(back == [Int?](repeating: nil, count: 8) + [Int?](repeating: 429, count: 4))
    }

    @Test("one address has 64 links, to whatever devices; it is told so before there is a connection")
    func links() throws {
        let bench = LinkBench()
        for machine in 1...2 { _ = try bench.register(family, machine, UInt64(machine)) }
        for turn in 0..<64 {
            let connection = UInt64(100 + turn)
            let opening = try bench.dial(family, 1 + turn % 2, from: connection, address: "192.0.2.1")
            if turn < 32 { _ = bench.answer(try opening.session.orThrow("a session"), from: connection + 1_000) }
        }
        #expect(bench.linkRefusal(from: "192.0.2.1") == 429 && bench.linkRefusal(from: "192.0.2.2") == nil)
        #expect(try bench.dial(family, 1, from: 500, address: "192.0.2.1") == .refused(.tooManyLinks))
        #expect(try bench.dial(family, 1, from: 501, address: "192.0.2.2").session != nil)
        #expect(bench.end(100) == 1_100)
        #expect(try bench.dial(family, 1, from: 502, address: "192.0.2.1").session != nil)
        _ = bench.sweep(at: 10_000)
        for connection in 101..<132 { _ = bench.end(UInt64(connection)) }
        #expect(bench.figures.bytes == 2 * 8_192)
        for turn in 0..<64 {
            #expect(
                try bench.dial(family, 2, from: UInt64(600 + turn), address: "192.0.2.1", at: 10_000).session != nil)
        }
        for turn in 0..<60 {
            #expect(try bench.dial(family, 1, from: UInt64(700 + turn), address: "::1", at: 10_000).session != nil)
        }
    }

    @Test("unfinished messages count; long ones get a quarter of the memory, a record's comes through beside them")
    func unfinished() throws {
        let relay = TestRelay {
            $0.memoryBytes = 4 << 20
        }
        for machine in 0..<8 { _ = try relay.connect(family.request(machine), UInt64(machine)) }
        for connection in 0..<4 as Range<UInt64> { #expect(relay.hold(262_144, of: connection)) }
        #expect(relay.bytesUnfinished == 1 << 20)
        #expect(relay.hold(11_000, of: 4))
        #expect(!relay.hold(60_000, of: 5))
        relay.disconnect(5)
        relay.disconnect(4)
        #expect(relay.hold(0, of: 3) && relay.hold(60_000, of: 6))
        #expect(relay.bytesUnfinished == 3 * 262_144 + 60_000)
    }

    @Test("above the memory cap no part of a message is kept, and no slot given")
    func unfinishedOverMemory() throws {
        let relay = TestRelay {
            $0.memoryBytes = 40_600
        }
        for machine in 0..<4 { _ = try relay.connect(family.request(machine), UInt64(machine)) }
        #expect(relay.hold(7_000, of: 1))
        #expect(!relay.hold(1_000, of: 2))
        #expect(try relay.connect(family.request(9), 9).status == 503)
        relay.disconnect(1)
        relay.disconnect(2)
        #expect(relay.bytesUnfinished == 0)
    }

    @Test(
        "answers under way have an eighth of the memory, one address a quarter of that; the first always comes through")
    func answers() {
        let bench = LinkBench {
            $0.memoryBytes = 64 << 20
        }
        #expect(bench.beginAnswer(1_500_000, to: "192.0.2.1") && !bench.beginAnswer(1_000_000, to: "192.0.2.1"))
        #expect(bench.beginAnswer(3_000_000, to: "192.0.2.2") && bench.figures.bytes == 4_500_000)
        #expect(bench.beginAnswer(2_000_000) && bench.beginAnswer(1_500_000) && !bench.beginAnswer(1_000_000))
        bench.endAnswer(3_000_000, to: "192.0.2.2")
        #expect(bench.beginAnswer(3_000_000, to: "192.0.2.3"))
        for (bytes, address) in [(1_500_000, "192.0.2.1"), (3_000_000, "192.0.2.3")] {
            bench.endAnswer(bytes, to: address)
        }
        for bytes in [2_000_000, 1_500_000] { bench.endAnswer(bytes) }
        #expect(bench.figures.bytes == 0 && bench.beginAnswer(20_000_000) && !bench.beginAnswer(60_000_000))
    }
}
