import KinRelay
import KinWire
import Testing

@Suite("Pairing rooms") struct RoomTests {
    @Test("two meet in a room, a third one is refused, and the two go on")
    func two() throws {
        let bench = LinkBench()
        #expect(try bench.enter(1, from: 10) == .waiting)
        #expect(try bench.enter(2, from: 20) == .waiting)
        #expect(try bench.enter(1, from: 11) == .met(10))
        #expect(try bench.enter(1, from: 12) == .refused(.roomTaken))
        #expect(bench.figures.rooms == 1 && bench.figures.waitingRooms == 1)
        #expect(bench.end(12) == nil)
        #expect(bench.end(10) == 11)
        #expect(bench.figures.rooms == 0 && bench.figures.waitingRooms == 1)
    }

    @Test("a room ends with the first who leaves, and can be met in again")
    func again() throws {
        let bench = LinkBench()
        _ = try bench.enter(1, from: 10)
        _ = try bench.enter(1, from: 11)
        #expect(bench.end(11) == 10 && bench.end(10) == nil)
        #expect(try bench.enter(1, from: 12) == .waiting)
        #expect(bench.end(12) == nil)
        #expect(try bench.enter(1, from: 13) == .waiting)
    }

    @Test("a room's time is over 10 minutes after the first came, for whoever is in it")
    func expires() throws {
        let bench = LinkBench()
        _ = try bench.enter(1, from: 10, at: 0)
        _ = try bench.enter(2, from: 20, at: 1_000)
        _ = try bench.enter(1, from: 11, at: 599_999)
        #expect(bench.sweep(at: 599_999) == [:])
        #expect(bench.sweep(at: 600_000) == [10: .roomExpired, 11: .roomExpired])
        #expect(bench.sweep(at: 601_000) == [20: .roomExpired])
        #expect(bench.end(10) == nil && bench.figures == RelayFigures())
    }

    @Test("there are 1,024 rooms, and 16 of one address that is not this machine")
    func full() throws {
        let bench = LinkBench()
        for room in 0..<16 {
            let connection = UInt64(room)
            #expect(try bench.enter(room, from: connection, address: "2001:db8::\(room + 1)") == .waiting)
        }
        #expect(try bench.refusal(16, address: "2001:db8::ffff") == 429)
        #expect(try bench.enter(16, from: 90, address: "2001:db8::ffff") == .refused(.relayFull))
        #expect(try bench.refusal(1, address: "2001:db8::ffff") == nil, "whoever was invited gets in")
        #expect(try bench.refusal(16, address: "2001:db8:0:1::1") == nil)
        _ = bench.end(3)
        #expect(try bench.refusal(16, address: "2001:db8::ffff") == nil)
        for room in 16..<1025 { #expect(try bench.enter(room, from: UInt64(room + 100)) == .waiting) }
        #expect(try bench.refusal(2000, address: "127.0.0.1") == 503)
        #expect(try bench.enter(2000, from: 91) == .refused(.relayFull))
        #expect(try bench.refusal(1024, address: "127.0.0.1") == nil)
        #expect(bench.figures.waitingRooms == 1024)
    }
}
