import KinCrypto
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinLink

@Suite struct LinkResumeTests {
    let now = TwoDevices.now

    /// Short frames both ways, so that every byte can be a cut.
    private static let spoken: (caller: [[UInt8]], called: [[UInt8]]) = (
        [[], [1], [2, 2], [3, 3, 3]], [[9], [], [8, 8]]
    )

    @Test("cut after any byte of either direction, the link goes on with every frame once and in order")
    func everyByte() async throws {
        let devices = try await TwoDevices.fresh()
        let lengths = (
            caller: Self.spoken.caller.map { $0.count + 17 }, called: Self.spoken.called.map { $0.count + 17 }
        )
        for there in 0...lengths.caller.reduce(0, +) {
            // Both directions are cut at every place, though not at every pair of them.
            try Self.cut(devices, after: there, and: there % (lengths.called.reduce(0, +) + 1))
        }
    }

    /// The carrier hands over whole messages alone: the one in which the cut falls is lost.
    private static func cut(_ devices: TwoDevices, after there: Int, and back: Int) throws {
        var pair = try devices.links()
        for frame in spoken.caller { try pair.caller.submit(frame) }
        for frame in spoken.called { try pair.called.submit(frame) }
        var came: (called: [[UInt8]], caller: [[UInt8]]) = ([], [])
        var room = there
        while let message = try pair.caller.next() {
            room -= message.count
            if room >= 0, case .frame(let frame)? = try pair.called.receive(message) { came.called.append(frame) }
        }
        room = back
        while let message = try pair.called.next() {
            room -= message.count
            if room >= 0, case .frame(let frame)? = try pair.caller.receive(message) { came.caller.append(frame) }
        }
        let (mine, theirs) = (pair.caller.cut(at: TwoDevices.now), pair.called.cut(at: TwoDevices.now))
        var again = try devices.continued(mine.orThrow("a link"), theirs.orThrow("a link"))
        let rest = try again.settle()
        #expect(came.called + rest.called == spoken.caller, "cut after \(there) bytes")
        #expect(came.caller + rest.caller == spoken.called, "cut after \(back) bytes")
    }

    @Test(
        "cut again and again anywhere, long frames and short, nothing is lost, repeated or reordered",
        arguments: 1...4 as ClosedRange<UInt64>)
    func anywhere(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var journey = try Journey(devices: await .fresh(), generator: &generator)
        var cuts = 0
        while !journey.isOver {
            try journey.step(&generator)
            if generator.oneIn(60) {
                journey = try journey.cut()
                cuts += 1
            }
        }
        #expect(journey.came.called == journey.sent.caller)
        #expect(journey.came.caller == journey.sent.called)
        #expect(cuts > 0 && journey.sent.caller.count == Journey.frames)
    }

    @Test("what came after the other side was told how far is not taken twice")
    func overtaken() async throws {
        let devices = try await TwoDevices.fresh()
        var pair = try devices.links()
        for number in 0..<4 { try pair.caller.submit([UInt8(number)]) }
        let messages = try (0..<4).map { _ in try pair.caller.next().orThrow("a message") }
        #expect(try pair.called.receive(messages[0]) == .frame([0]))
        // The caller finds itself cut; the called side has not noticed, and two more messages reach it on the old connection.
        let mine = try pair.caller.cut(at: now).orThrow("a link")
        var calling = try devices.initiator(continuing: mine)
        var answering = devices.responder()
        let asking = try answering.read(calling.open(now: now), now: now)
        let through = pair.called.receivedThrough(for: asking, own: devices.called.keys.sealing.publicKey)
        #expect(through == 2)
        let answer = try answering.answer(link: mine.id, receivedThrough: through, now: now)
        for number in 1..<3 { #expect(try pair.called.receive(messages[number]) == .frame([UInt8(number)])) }
        var caller = try Link(continuing: mine, on: calling.finish(answer, now: now))
        let connection = try answering.confirm(caller.next().orThrow("the first message"))
        let called = try Link(continuing: pair.called.cut(at: now).orThrow("a link"), on: connection)
        var again = LinkPair(caller: caller, called: called)
        // It says how far it is before the caller has sent anything again: were that all it has, the caller would leave out what it counts by.
        again.called.acknowledge()
        while let message = try again.called.next() { _ = try again.caller.receive(message) }
        #expect(try again.settle().called == [[3]])
    }

    @Test("an acknowledgement of what was not sent again yet is refused")
    func ahead() async throws {
        let devices = try await TwoDevices.fresh()
        var pair = try devices.links()
        try pair.caller.submit([1])
        _ = try pair.caller.next()
        var again = try devices.continued(
            pair.caller.cut(at: now).orThrow("a link"), pair.called.cut(at: now).orThrow("a link"))
        let early = try again.called.cipher.seal(.acknowledgement(through: 2))
        #expect(fault { _ = try again.caller.receive(early) } == .positionInvalid)
    }

    @Test("a repeated opening that asks to continue disturbs nothing: the link goes on where it is")
    func replayed() async throws {
        let devices = try await TwoDevices.fresh()
        var pair = try devices.links()
        try pair.caller.submit([1])
        _ = try pair.settle()
        let (cut, rest) = try (pair.caller.cut(at: now).orThrow("a link"), pair.called.cut(at: now).orThrow("a link"))
        var recorded = try devices.initiator(continuing: cut)
        let first = try recorded.open(now: now)
        var again = try devices.continued(cut, rest)
        // The same bytes, again, while the link runs.
        var answering = devices.responder()
        let asking = try answering.read(first, now: now)
        let through = again.called.receivedThrough(for: asking, own: devices.called.keys.sealing.publicKey)
        _ = try answering.answer(link: cut.id, receivedThrough: through.orThrow("a position"), now: now)
        #expect(Self.confirming(answering, [UInt8](repeating: 1, count: 25)) == .unconfirmed)
        try again.caller.submit([2])
        try again.called.submit([3])
        let came = try again.settle()
        #expect(came.called == [[2]] && came.caller == [[3]])
    }

    @Test("only the same two devices with the same keys continue a link")
    func otherKeys() async throws {
        let devices = try await TwoDevices.fresh()
        let pair = try devices.links()
        let mine = try pair.caller.cut(at: now).orThrow("a link")
        let theirs = try pair.called.cut(at: now).orThrow("a link")
        var held = CutLinks()
        _ = held.hold(theirs)
        let third = try await devices.family.device()
        let own = devices.called.keys.sealing.publicKey
        for caller in [third, devices.caller.rotated()] {
            var calling = try LinkInitiator(
                as: devices.credentials(caller), to: devices.called.verified(), continuing: mine.resumption(at: now))
            var answering = devices.responder()
            let asking = try answering.read(calling.open(now: now), now: now)
            #expect(held.receivedThrough(for: asking, own: own, now: now) == nil)
            // Even where it is told so, the link does not go on.
            let answer = try answering.answer(link: mine.id, receivedThrough: 0, now: now)
            let connection = try calling.finish(answer, now: now)
            #expect(Self.continuing(mine, connection) == .lost)
        }
        var calling = try devices.initiator(continuing: mine)
        var answering = devices.responder()
        let asking = try answering.read(calling.open(now: now), now: now)
        #expect(held.receivedThrough(for: asking, own: third.keys.sealing.publicKey, now: now) == nil)
        #expect(held.receivedThrough(for: asking, own: own, now: now) == 0)
        // A new link instead: the caller learns that the old one is lost.
        let connection = try calling.finish(answering.answer(link: .random(), now: now), now: now)
        let isContinued = connection.isContinued
        #expect(!isContinued)
        #expect(Self.continuing(mine, connection) == .lost)
    }

    @Test("after 30 s a cut link is over, for both sides")
    func late() async throws {
        let devices = try await TwoDevices.fresh()
        let pair = try devices.links()
        let mine = try pair.caller.cut(at: now).orThrow("a link")
        let theirs = try pair.called.cut(at: now).orThrow("a link")
        #expect(mine.resumption(at: now + 30_000) != nil)
        #expect(mine.resumption(at: now + 30_001) == nil)
        var held = CutLinks()
        _ = held.hold(theirs)
        var calling = try devices.initiator(continuing: mine)
        var answering = devices.responder()
        let asking = try answering.read(calling.open(now: now), now: now)
        let own = devices.called.keys.sealing.publicKey
        #expect(held.receivedThrough(for: asking, own: own, now: now + 30_000) == 0)
        #expect(held.receivedThrough(for: asking, own: own, now: now + 30_001) == nil)
        #expect(held.sweep(now: now + 30_000).isEmpty)
        #expect(held.sweep(now: now + 30_001).map(\.id) == [mine.id])
        #expect(held.count == 0)
    }

    @Test("cut links are held within bounds: the longest cut go first")
    func bounds() async throws {
        let devices = try await TwoDevices.fresh()
        var few = CutLinks(maxLinks: 2)
        var ids: [LinkID] = []
        for _ in 0..<3 {
            let pair = try devices.links()
            let link = try pair.called.cut(at: now).orThrow("a link")
            ids.append(link.id)
            #expect(few.hold(link).map(\.id) == (ids.count == 3 ? [ids[0]] : []))
        }
        #expect(few.take(ids[0]) == nil && few.take(ids[1])?.id == ids[1] && few.take(ids[1]) == nil)
        var small = CutLinks(maxBytes: 1000)
        for size in [400, 500, 2000] {
            var pair = try devices.links()
            try pair.called.submit(content(size))
            let link = try pair.called.cut(at: now).orThrow("a link")
            #expect(link.byteCount == size)
            #expect(small.hold(link).count == (size == 2000 ? 3 : 0))
        }
        #expect(small.count == 0)
    }

    @Test("a side that says it lacks what it acknowledged, or has what was not sent, does not continue")
    func impossible() async throws {
        let devices = try await TwoDevices.fresh()
        for position in [0, 3, 100] as [Int64] {
            var pair = try devices.links()
            try pair.called.submit([1])
            _ = try pair.settle()
            pair.caller.acknowledge()
            _ = try pair.settle()
            let mine = try pair.caller.cut(at: now).orThrow("a link")
            let theirs = try pair.called.cut(at: now).orThrow("a link")
            let lie = LinkResumption(link: mine.id, receivedThrough: position)
            var calling = try LinkInitiator(
                as: devices.credentials(devices.caller), to: devices.called.verified(), continuing: lie)
            var answering = devices.responder()
            _ = try answering.read(calling.open(now: now), now: now)
            var connection = try calling.finish(
                answering.answer(link: mine.id, receivedThrough: 0, now: now), now: now)
            let first = try connection.transport.seal(LinkRecord.acknowledgement(through: position).encoded())
            #expect(Self.continuing(theirs, try answering.confirm(first)) == .positionInvalid)
        }
    }

    private static func confirming(_ answering: consuming LinkResponder, _ message: [UInt8]) -> LinkFault? {
        do throws(LinkFault) {
            _ = try answering.confirm(message)
            return nil
        } catch {
            return error
        }
    }

    private static func continuing(_ rest: CutLink, _ connection: consuming LinkConnection) -> LinkFault? {
        do throws(LinkFault) {
            _ = try Link(continuing: rest, on: connection)
            return nil
        } catch {
            return error
        }
    }
}
