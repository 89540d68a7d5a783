import KinRelay
import Testing

@Suite struct RelayRegistryTests {
    let family = Family()
    let relay = TestRelay()

    @Test("what a device publishes is shown under its route id alone, in order of machine_id")
    func shows() throws {
        for (machine, connection) in [(2, 12), (1, 11), (3, 13)] {
            #expect(try relay.connect(family.request(machine), UInt64(connection), at: 0) == .fresh)
        }
        #expect(relay.publish("b", from: 12, at: 0) == .published)
        #expect(relay.publish("a", from: 11, at: 0) == .published)
        #expect(relay.shown(family, at: 0) == ["01:a", "02:b"])
        #expect(relay.shown(Family(2), at: 0) == [])
        #expect(relay.shown(Family(2), at: 0) == [] && relay.entries("no route", at: 0).isEmpty)
        #expect(relay.liveRegistrations == 3)
    }

    @Test("a later blob takes the place of the one before")
    func republish() throws {
        _ = try relay.connect(family.request(1), 1, at: 0)
        _ = relay.publish("old and long", from: 1, at: 0)
        let before = relay.bytesHeld
        #expect(relay.publish("new", from: 1, at: 1) == .published)
        #expect(relay.shown(family, at: 1) == ["01:new"])
        #expect(relay.bytesHeld == before - 9)
    }

    @Test("a blob is served through the grace after a disconnect, and no longer")
    func grace() throws {
        _ = try relay.connect(family.request(1), 1, at: 0)
        _ = relay.publish("a", from: 1, at: 0)
        relay.disconnect(1, at: 5_000)
        #expect(relay.liveRegistrations == 0)
        #expect(relay.shown(family, at: 14_999) == ["01:a"])
        #expect(relay.shown(family, at: 15_000) == [])
        #expect(relay.bytesHeld == 0)
    }

    @Test("a device that comes back within its grace keeps its entry")
    func comesBack() throws {
        _ = try relay.connect(family.request(1), 1, at: 0)
        _ = relay.publish("a", from: 1, at: 0)
        relay.disconnect(1)
        #expect(try relay.connect(family.request(1), 2, at: 9_999) == .fresh)
        #expect(relay.shown(family, at: 60_000) == ["01:a"])
        relay.disconnect(2, at: 60_000)
        #expect(relay.shown(family, at: 70_000) == [])
    }

    @Test("sweeping drops what outlived its grace and nothing else")
    func sweeps() throws {
        for machine in 1...3 {
            _ = try relay.connect(family.request(machine), UInt64(machine), at: 0)
            _ = relay.publish("x", from: UInt64(machine), at: 0)
        }
        relay.disconnect(2, at: 100)
        relay.disconnect(1, at: 200)
        relay.sweep(at: 10_150)
        #expect(relay.shown(family, at: 10_150) == ["01:x", "03:x"])
        relay.sweep(at: 10_200)
        #expect(relay.shown(family, at: 10_200) == ["03:x"])
    }

    @Test("a second registration with the same secret replaces the first, whose late end changes nothing")
    func replaces() throws {
        _ = try relay.connect(family.request(1), 1, at: 0)
        _ = relay.publish("a", from: 1, at: 0)
        #expect(try relay.connect(family.request(1), 2, at: 1) == .replacing(1))
        #expect(relay.liveRegistrations == 1)
        #expect(relay.publish("late", from: 1, at: 2) == .unknownConnection)
        relay.disconnect(1, at: 3)
        #expect(relay.publish("b", from: 2, at: 4) == .published)
        #expect(relay.shown(family, at: 60_000) == ["01:b"])
        #expect(relay.liveRegistrations == 1)
    }

    @Test("a connection number that is used again leaves its old slot first")
    func reusedNumber() throws {
        _ = try relay.connect(family.request(1), 1, at: 0)
        _ = relay.publish("a", from: 1, at: 0)
        #expect(try relay.connect(family.request(2), 1, at: 0) == .fresh)
        #expect(relay.liveRegistrations == 1)
        #expect(relay.shown(family, at: 10_000) == [])
    }

    @Test("unknown connections can neither publish nor end anything")
    func unknown() {
        #expect(relay.publish("a", from: 9, at: 0) == .unknownConnection)
        relay.disconnect(9)
        #expect(relay.liveRegistrations == 0)
        #expect(relay.bytesHeld == 0)
    }
}
