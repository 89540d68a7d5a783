import KinRelay
import KinTesting
import KinWire
import Testing

@Suite("Links at the relay") struct LinkTests {
    let family = Family()

    @Test("a link to a connected device is told to its control connection, and answered once")
    func answered() throws {
        let bench = LinkBench()
        _ = try bench.register(family, 1, 10)
        let opening = try bench.dial(family, 1, from: 20)
        let session = try #require(opening.session)
        #expect(opening == .attach(control: 10, session))
        #expect(bench.figures.pendingLinks == 1 && bench.figures.links == 0)
        #expect(bench.answer(session, from: 30) == .met(20))
        #expect(bench.figures.pendingLinks == 0 && bench.figures.links == 1)
        #expect(bench.answer(session, from: 31) == .refused(.sessionGone))
        #expect(bench.figures.links == 1)
    }

    @Test("a device that is not there is offline: unknown, gone, in its grace, of another family")
    func offline() throws {
        let bench = LinkBench()
        #expect(try bench.dial(family, 1, from: 20) == .refused(.deviceOffline))
        _ = try bench.register(family, 1, 10)
        #expect(try bench.dial(family, 2, from: 21) == .refused(.deviceOffline))
        #expect(try bench.dial(Family(2), 1, from: 22) == .refused(.deviceOffline))
        #expect(bench.disconnect(10).heldSlot)
        #expect(try bench.dial(family, 1, from: 23) == .refused(.deviceOffline))
        #expect(bench.figures == RelayFigures(bytes: bench.figures.bytes))
    }

    @Test("nobody takes up a link by a session that was never given")
    func forged() throws {
        let bench = LinkBench()
        _ = try bench.register(family, 1, 10)
        let session = try #require(try bench.dial(family, 1, from: 20).session)
        var forged = session.bytes
        for index in forged.indices {
            forged[index] ^= 1
            let hex = forged.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(bench.answer(try #require(LinkSession(hex: hex)), from: 40) == .refused(.sessionGone))
            forged[index] ^= 1
        }
        #expect(bench.answer(session, from: 41) == .met(20))
    }

    @Test("a device has 10 seconds to answer, then whoever waited hears that it is silent, and the session is gone")
    func silent() throws {
        let bench = LinkBench()
        _ = try bench.register(family, 1, 10)
        let first = try #require(try bench.dial(family, 1, from: 20, at: 0).session)
        let second = try #require(try bench.dial(family, 1, from: 21, at: 5_000).session)
        #expect(bench.sweep(at: 9_999) == [:])
        #expect(bench.sweep(at: 10_000) == [20: .deviceSilent])
        #expect(bench.answer(first, from: 30, at: 10_000) == .refused(.sessionGone))
        #expect(bench.answer(second, from: 31, at: 14_999) == .met(21))
        #expect(bench.sweep(at: 60_000) == [:])
    }

    @Test("where either end goes, the other one is to go too, once")
    func ends() throws {
        let bench = LinkBench()
        _ = try bench.register(family, 1, 10)
        for (initiator, device) in [(20, 30), (21, 31)] as [(UInt64, UInt64)] {
            let session = try #require(try bench.dial(family, 1, from: initiator).session)
            _ = bench.answer(session, from: device)
        }
        #expect(bench.end(20) == 30 && bench.end(30) == nil && bench.end(20) == nil)
        #expect(bench.end(31) == 21 && bench.end(21) == nil)
        #expect(bench.figures.links == 0)
    }

    @Test("who gives up waiting takes the session along")
    func givesUp() throws {
        let bench = LinkBench()
        _ = try bench.register(family, 1, 10)
        let session = try #require(try bench.dial(family, 1, from: 20).session)
        #expect(bench.end(20) == nil)
        #expect(bench.answer(session, from: 30) == .refused(.sessionGone))
        #expect(bench.figures.pendingLinks == 0)
    }

    @Test("whoever waits for a device whose control connection goes, or is replaced, waits in vain; its links go on")
    func controlGone() throws {
        let bench = LinkBench()
        _ = try bench.register(family, 1, 10)
        let session = try #require(try bench.dial(family, 1, from: 20).session)
        _ = bench.answer(session, from: 30)
        _ = try bench.dial(family, 1, from: 21)
        #expect(try bench.register(family, 1, 11) == .replacing(10))
        #expect(bench.abandon(10) == [21])
        _ = try bench.dial(family, 1, from: 22)
        #expect(bench.disconnect(10).heldSlot == false)
        let (heldSlot, waiting) = bench.disconnect(11)
        #expect(heldSlot && waiting == [22])
        #expect(bench.end(30) == 20)
    }

    @Test("a device has 128 links, those that wait included, and room again when one ends")
    func full() throws {
        let bench = LinkBench()
        _ = try bench.register(family, 1, 10)
        _ = try bench.register(family, 2, 11)
        for number in 0..<128 as Range<UInt64> {
            let session = try #require(try bench.dial(family, 1, from: 100 + number).session)
            if number.isMultiple(of: 2) { _ = bench.answer(session, from: 300 + number) }
        }
        #expect(try bench.dial(family, 1, from: 90) == .refused(.tooManyLinks))
        #expect(try bench.dial(family, 2, from: 91).session != nil)
        _ = bench.end(100)
        #expect(try bench.dial(family, 1, from: 92).session != nil)
        #expect(try bench.dial(family, 1, from: 93) == .refused(.tooManyLinks))
        _ = bench.end(101)
        #expect(try bench.dial(family, 1, from: 94).session != nil)
    }

    @Test("links and rooms get three quarters of the memory, the rest is for devices that register")
    func memory() throws {
        let bench = LinkBench {
            $0.memoryBytes = 4 << 20
            $0.linksPerDevice = 1000
        }
        _ = try bench.register(family, 1, 10)
        var taken = 0
        while bench.memoryRefusal == nil {
            #expect(try bench.dial(family, 1, from: UInt64(100 + taken)).session != nil)
            taken += 1
        }
        #expect(bench.memoryRefusal == 503)
        #expect(taken == (4 << 20) * 3 / 4 / (2 * (2 * 65_535 + 262_144)))
        #expect(try bench.dial(family, 1, from: 90) == .refused(.relayFull))
        #expect(try bench.enter(1, from: 91) == .refused(.relayFull))
        #expect(try bench.refusal(1, address: "127.0.0.1") == 503)
        #expect(try bench.register(family, 2, 11) == .fresh)
        _ = bench.end(100)
        #expect(bench.memoryRefusal == nil)
    }

    @Test("sessions are 16 bytes, written as 32 hex digits, and no two are equal")
    func sessions() throws {
        let bench = LinkBench()
        let sessions = (0..<1_000).map { _ in bench.session() }
        #expect(Set(sessions).count == 1_000)
        for session in sessions.prefix(20) {
            #expect(session.bytes.count == 16)
            let hex = session.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(LinkSession(hex: hex) == session)
        }
    }

    @Test("whatever happens, nobody has two other ends, and the books balance", arguments: 0..<10 as Range<UInt64>)
    func books(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let bench = LinkBench {
            $0.linksPerDevice = 4
            $0.rooms = 3
            $0.memoryBytes = 8 << 20
        }
        var (now, next): (Int64, UInt64) = (0, 1000)
        var (sessions, partner): ([LinkSession], [UInt64: UInt64]) = ([], [:])
        var controls: [UInt64] = []
        var alive: Set<UInt64> = []
        for _ in 0..<1_500 {
            now += Int64(generator.number(in: 0..<2_000))
            next += 1
            var opening: RelayState.Opening?
            switch generator.number(in: 0..<6) {
            case 0:
                _ = try bench.register(family, generator.number(in: 0..<3), next, at: now)
                controls.append(next)
            case 1: opening = try bench.dial(family, generator.number(in: 0..<3), from: next, at: now)
            case 2: opening = sessions.randomElement(using: &generator).map { bench.answer($0, from: next, at: now) }
            case 3: opening = try bench.enter(generator.number(in: 0..<5), from: next, at: now)
            case 4:
                if let one = alive.sorted().randomElement(using: &generator) {
                    #expect(bench.end(one) == partner[one])
                    alive.remove(one)
                    if let other = partner.removeValue(forKey: one) { partner[other] = nil }
                }
            default:
                if generator.oneIn(8), let control = controls.popLast() {
                    for waiting in bench.disconnect(control, at: now).waiting { alive.remove(waiting) }
                }
            }
            for connection in bench.sweep(at: now).keys {
                alive.remove(connection)
                if let other = partner.removeValue(forKey: connection) { partner[other] = nil }
            }
            if let session = opening?.session { sessions.append(session) }
            if case .met(let other)? = opening {
                #expect(alive.contains(other) && partner[other] == nil)
                (partner[other], partner[next]) = (next, other)
            }
            if case .refused? = opening { continue }
            if opening != nil { alive.insert(next) }
            #expect(bench.figures.bytes <= 8 << 20)
        }
        for one in alive { _ = bench.end(one) }
        for control in controls { _ = bench.disconnect(control, at: now) }
        _ = bench.sweep(at: now + 1_000_000)
        #expect(bench.figures == RelayFigures())
    }
}
