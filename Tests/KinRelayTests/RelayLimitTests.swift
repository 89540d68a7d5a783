import KinRelay
import KinTesting
import Testing

@Suite struct RelayLimitTests {
    let family = Family()

    @Test("the defaults are those of the protocol")
    func defaults() {
        let limits = RelayLimits()
        #expect(limits.machinesPerRoute == 256 && limits.blobBytes == 8192)
        #expect(limits.controlMessageBytes == 262_144 && limits.graceMilliseconds == 10_000)
        #expect(limits.connectionsPerSecondPerAddress == 20 && limits.memoryBytes == 512 << 20)
        #expect(limits.linksPerDevice == 128 && limits.attachMilliseconds == 10_000 && limits.linkFrameBytes == 65_535)
        #expect(limits.linkBufferBytes == 262_144 && limits.slowReaderMilliseconds == 10_000)
        #expect(limits.rooms == 1024 && limits.roomMilliseconds == 600_000 && limits.roomsPerAddress == 16)
        #expect(limits.flapReplacements == 3 && limits.flapMilliseconds == 30_000)
        #expect(limits.machinesPerRouteAndAddress == 64 && limits.linksPerAddress == 64)
        #expect(limits.connectionsPerAddress == 512 && limits.connections == 65_536)
    }

    @Test("a blob of 8,192 bytes is taken, one more byte is not and the one before stays")
    func blobSize() throws {
        let relay = TestRelay()
        _ = try relay.connect(family.request(1), 1, at: 0)
        let largest = [UInt8](repeating: 1, count: 8192)
        #expect(relay.publish(largest, from: 1, at: 0) == .published)
        #expect(relay.publish(largest + [2], from: 1, at: 0) == .tooLarge)
        #expect(relay.entries(family.route, at: 0).map(\.blob) == [largest])
    }

    @Test("a route id has 256 machines, a known one always finds its place")
    func machines() throws {
        let relay = TestRelay()
        for machine in 0..<256 {
            #expect(try relay.connect(family.request(machine), UInt64(machine), at: 0) == .fresh)
        }
        #expect(try relay.connect(family.request(256), 1000, at: 0).status == 429)
        #expect(try relay.connect(family.request(7), 1001, at: 0) == .replacing(7))
        #expect(try relay.connect(Family(2).request(256), 1002, at: 0) == .fresh)
        relay.disconnect(9)
        #expect(try relay.connect(family.request(256), 1003, at: 9_999).status == 429)
        #expect(try relay.connect(family.request(256), 1004, at: 10_000) == .fresh)
    }

    @Test("above the memory cap new slots and larger blobs are refused, and what is there goes on")
    func memory() throws {
        let relay = TestRelay {
            $0.memoryBytes = 12_288
        }
        _ = try relay.connect(family.request(1), 1, at: 0)
        let slot = relay.bytesHeld
        #expect(slot == 8_192)
        let room = 12_288 - slot
        #expect(relay.publish([UInt8](repeating: 1, count: room + 1), from: 1, at: 0) == .overMemory)
        #expect(relay.publish([UInt8](repeating: 1, count: room), from: 1, at: 0) == .published)
        #expect(relay.bytesHeld == 12_288)
        #expect(try relay.connect(family.request(2), 2, at: 0).status == 503)
        #expect(try relay.connect(family.request(1), 3, at: 0) == .replacing(1))
        #expect(relay.publish("small", from: 3, at: 0) == .published)
        #expect(relay.bytesHeld == slot + 5)
        #expect(try relay.connect(family.request(1), 4, at: 0) == .replacing(3))
    }

    @Test("the fourth replacement in 30 seconds is flapping, said once in 30 seconds")
    func flapping() throws {
        let relay = TestRelay()
        var reported: [Int64] = []
        for turn in 0..<61 {
            let now = Int64(turn) * 1000
            let outcome = relay.connect(try family.request(1), UInt64(turn), at: now)
            if case .accepted(_, isFlapping: true) = outcome { reported.append(now) }
        }
        #expect(reported == [4_000, 34_000])
    }

    @Test("three replacements in 30 seconds are not flapping, nor is coming back after a loss")
    func calm() throws {
        let relay = TestRelay()
        for turn in 0..<40 {
            let outcome = relay.connect(try family.request(1), UInt64(turn), at: Int64(turn) * 10_000)
            #expect(outcome == (turn == 0 ? .fresh : .replacing(UInt64(turn) - 1)))
        }
        for turn in 100..<140 {
            _ = try relay.connect(family.request(2), UInt64(turn), at: 400_000)
            let outcome = relay.connect(try family.request(2), UInt64(turn), at: 400_000)
            #expect(outcome == .fresh)
            relay.disconnect(UInt64(turn), at: 400_000)
        }
    }

    @Test("whatever happens, the books balance", arguments: 0..<10 as Range<UInt64>)
    func books(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let families = (1..<4 as Range<UInt8>).map { Family($0) }
        let relay = TestRelay {
            $0.machinesPerRoute = 4
            $0.memoryBytes = 60_000
            $0.knownSecrets = 5
        }
        var now: Int64 = 0
        for _ in 0..<500 {
            now += Int64(generator.number(in: 0..<3_000))
            let connection = UInt64(generator.number(in: 0..<12))
            switch generator.number(in: 0..<5) {
            case 0: relay.disconnect(connection, at: now)
            case 4: _ = relay.hold(generator.number(in: 0..<9_000), of: connection)
            case 1: _ = relay.publish(generator.bytes(generator.number(in: 0..<900)), from: connection, at: now)
            default:
                let request = try families[generator.number(in: 0..<3)].request(
                    generator.number(in: 0..<6), secret: generator.oneIn(4) ? 2 : 1)
                _ = relay.connect(request, connection, at: now)
            }
            let shown = families.map { relay.entries($0.route, at: now) }
            #expect(relay.bytesHeld <= 60_000 && relay.liveRegistrations <= 12 && shown.allSatisfy { $0.count <= 4 })
            #expect(shown.joined().reduce(0) { $0 + $1.blob.count } <= relay.bytesHeld)
        }
        for connection in 0..<12 as Range<UInt64> { relay.disconnect(connection, at: now) }
        relay.sweep(at: now + 10_000)
        #expect(relay.bytesHeld == 0 && relay.bytesUnfinished == 0)
        #expect(relay.liveRegistrations == 0)
    }
}
