import KinRelay
import Testing

@Suite struct SlotSecretTests {
    let family = Family()
    let relay = TestRelay()

    @Test("a slot that is held is refused to another secret, and its holder stays")
    func held() throws {
        _ = try relay.connect(family.request(1), 1, at: 0)
        _ = relay.publish("a", from: 1, at: 0)
        let outcome = relay.connect(try family.request(1, secret: 2), 2, at: 0)
        #expect(outcome.status == 401)
        #expect(relay.publish("squat", from: 2, at: 0) == .unknownConnection)
        #expect(relay.shown(family, at: 0) == ["01:a"])
        #expect(relay.liveRegistrations == 1)
    }

    @Test(
        "a slot cannot be squatted in its grace, nor long after it",
        arguments: [0, 9_999, 10_000, 86_400_000] as [Int64])
    func remembered(later: Int64) throws {
        _ = try relay.connect(family.request(1), 1, at: 0)
        relay.disconnect(1)
        #expect(relay.connect(try family.request(1, secret: 2), 2, at: later).status == 401)
        #expect(try relay.connect(family.request(1), 3, at: later) == .fresh)
    }

    @Test("the same machine_id of another family is another slot")
    func otherFamily() throws {
        _ = try relay.connect(family.request(1), 1, at: 0)
        #expect(try relay.connect(Family(2).request(1, secret: 2), 2, at: 0) == .fresh)
    }

    @Test("of the slots without a device, the longest gone is forgotten first")
    func bounded() throws {
        let relay = TestRelay {
            $0.knownSecrets = 2
        }
        for machine in 1...3 {
            _ = try relay.connect(family.request(machine), UInt64(machine), at: 0)
            relay.disconnect(UInt64(machine), at: Int64(machine))
        }
        relay.sweep(at: 20_000)
        #expect(try relay.connect(family.request(2, secret: 9), 5, at: 20_000).status == 401)
        #expect(try relay.connect(family.request(3, secret: 9), 6, at: 20_000).status == 401)
        #expect(try relay.connect(family.request(1, secret: 9), 4, at: 20_000) == .fresh)
    }

    @Test("no flood of slots makes the relay forget the secret of one that is held or in its grace")
    func flood() throws {
        let relay = TestRelay {
            $0.knownSecrets = 1
        }
        _ = try relay.connect(family.request(1), 1, at: 0)
        for other in 2..<200 {
            _ = try relay.connect(Family(2).request(other), UInt64(other), at: 0)
            relay.disconnect(UInt64(other))
        }
        relay.disconnect(1, at: 15_000)
        relay.sweep(at: 20_000)
        #expect(try relay.connect(family.request(1, secret: 9), 500, at: 20_000).status == 401)
    }
}
