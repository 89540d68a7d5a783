import KinCalls
import KinClient
import KinCrypto
import KinIdentity
import KinLink
import KinTestServer
import KinTesting
import KinWire
import Testing

/// Links over a real relay.
@Suite struct CarriedLinkTests {
    /// One end, and what came there.
    private struct End {
        let queue = FrameQueue()
        let got = Observed([[UInt8]]())
        let link: CarriedLink

        init(_ link: consuming Link) {
            let got = got
            self.link = CarriedLink(link, sending: queue, now: realNow) { frame in got.update { $0.append(frame) } }
        }

        /// Whoever waits for room in the queue at its end hears of it.
        func run(over carrier: any LinkCarrier) async -> CarriedLink.Outcome {
            defer { link.end(.linkEnded("in the test")) }
            return await link.run(over: carrier)
        }
    }

    @Test("frames of all sizes keep their order in both directions, whoever of several tasks seals and opens them")
    func order() async throws {
        try await LinkCarrierTests.run { relay in
            let (near, far) = try await Self.ends()
            let (nearCarrier, farCarrier) = try await relay.link()
            let runs = [Task { await near.run(over: nearCarrier) }, Task { await far.run(over: farCarrier) }]
            async let there = Self.send(from: near, seed: 1)
            async let back = Self.send(from: far, seed: 2)
            let (toFar, toNear) = try await (there, back)
            _ = try await far.got.wait(within: .seconds(60)) { $0.count == toFar.count }
            _ = try await near.got.wait(within: .seconds(60)) { $0.count == toNear.count }
            #expect(far.got.value == toFar && near.got.value == toNear, "every frame once, in order")
            near.link.close(reason: "done")
            for run in runs {
                guard case .over = await run.value else {
                    Issue.record("the link ends in order")
                    continue
                }
            }
        }
    }

    @Test("several who give small frames at once lose none, and each of them keeps its order")
    func givers() async throws {
        try await LinkCarrierTests.run { relay in
            let (near, far) = try await Self.ends()
            let (nearCarrier, farCarrier) = try await relay.link()
            let runs = [Task { await near.run(over: nearCarrier) }, Task { await far.run(over: farCarrier) }]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for giver in 0..<4 as Range<UInt8> {
                    group.addTask {
                        for number in 0..<500 {
                            try await near.queue.send([giver, UInt8(number / 256), UInt8(number % 256)])
                            if number % 50 == 0 { try await Task.sleep(for: .milliseconds(1)) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let got = try await far.got.wait(within: .seconds(60)) { $0.count == 2_000 }
            for giver in 0..<4 as Range<UInt8> {
                let numbers = got.filter { $0[0] == giver }.map { Int($0[1]) * 256 + Int($0[2]) }
                #expect(numbers == Array(0..<500), "of giver \(giver)")
            }
            near.link.close(reason: "done")
            for run in runs { _ = await run.value }
        }
    }

    @Test("the small end of a large frame is left to the receiving task; what else comes alone is not")
    func largeFrame() async throws {
        var links = try await Self.links()
        var messages: [[UInt8]] = []
        for frame in [[UInt8](repeating: 1, count: 66_000), [2]] {
            try links.near.submit(frame)
            while let message = try links.near.next() { messages.append(message) }
        }
        try #require(messages.count == 3 && messages[1].count < 4_096)
        let (carrier, end) = (HandCarrier(), End(links.far))
        let run = Task { await end.run(over: carrier) }
        let taker = try await carrier.taker.wait { $0 != nil }.orThrow("a taker")
        carrier.bring(messages[0])
        _ = try await carrier.asked.wait { $0 == 2 }
        #expect(taker(messages[1]) == .declined)
        carrier.bring(messages[1])
        _ = try await end.got.wait { $0.count == 1 }
        #expect(taker(messages[2]) == .taken)
        #expect(end.got.value.map(\.count) == [66_000, 1])
        #expect(taker(messages[2]) == .over, "the same message again is none")
        carrier.close(reason: "done")
        guard case .broke = await run.value else {
            Issue.record("a repeated message breaks its connection")
            return
        }
    }

    @Test("a frame that no link takes ends it, though whoever gave it was told nothing")
    func tooLarge() async throws {
        let links = try await Self.links(maxFrame: 100)
        let (carrier, end) = (HandCarrier(), End(links.near))
        let run = Task { await end.run(over: carrier) }
        try await end.queue.send([1])
        // By now or later: the sending task sleeps once it has sent this.
        try await eventually("it sleeps") {
            try await end.queue.send([2])
            return carrier.given.value > 0
        }
        try await end.queue.send([UInt8](repeating: 3, count: 200))
        guard case .over(_, .fault(.frameTooLarge)) = try await within(.seconds(20), "it ends", { await run.value })
        else {
            Issue.record("a frame that is too large ends the link as such")
            return
        }
    }

    /// Small ones alone and in company of large ones, with pauses in which the tasks go to sleep.
    private static func send(from end: End, seed: UInt64) async throws -> [[UInt8]] {
        var generator = SeededGenerator(seed: seed)
        var sent: [[UInt8]] = []
        for _ in 0..<1_500 {
            let limit = generator.oneIn(30) ? 150_000 : generator.oneIn(6) ? 9_000 : 60
            sent.append(generator.bytes(upTo: limit))
            try await end.queue.send(sent[sent.count - 1])
            if generator.oneIn(4) { try await Task.sleep(for: .microseconds(generator.number(in: 1..<600))) }
        }
        return sent
    }

    private static func ends() async throws -> (near: End, far: End) {
        let links = try await links()
        return (End(links.near), End(links.far))
    }

    private struct Links: ~Copyable {
        var near: Link
        var far: Link
    }

    private static func links(maxFrame: Int = LinkLimits.maxFrame) async throws -> Links {
        let family = try TestFamily(now: realNow())
        let (caller, called) = (try await family.device(), try await family.device())
        let credentials = { (device: TestDevice) in
            LinkCredentials(
                chain: device.chain, key: device.keys.sealing, revocations: RevocationLedger(mesh: family.mesh),
                newest: { _ in nil })
        }
        var calling = try LinkInitiator(as: credentials(caller), to: called.verified(now: realNow()))
        var answering = LinkResponder(as: credentials(called))
        _ = try answering.read(calling.open(now: realNow()), now: realNow())
        let id = try LinkID([UInt8](repeating: 1, count: LinkID.byteCount)).orThrow("a link's id")
        let answer = try answering.answer(link: id, receivedThrough: nil, now: realNow())
        var near = try Link(calling.finish(answer, now: realNow()), maxFrame: maxFrame)
        let first = try near.next().orThrow("the calling side's first message")
        return Links(near: near, far: try Link(answering.confirm(first)))
    }
}

/// Brings what it is given, and has its taker called by hand.
private final class HandCarrier: LinkCarrier {
    let taker = Observed(LinkFrame.Taker?.none)
    /// How often `receive` was called.
    let asked = Observed(0)
    /// How many frames were given away at once.
    let given = Observed(0)
    private let frames = Observed([[UInt8]]())
    private let isClosed = Observed(false)

    func bring(_ frame: [UInt8]) { frames.update { $0.append(frame) } }

    func takeSmallFrames(_ taker: @escaping LinkFrame.Taker) { self.taker.update { $0 = taker } }

    var hasRoom: Bool { true }

    func give(_ frame: [UInt8]) { given.update { $0 += 1 } }

    func send(_ frame: [UInt8]) async throws(LinkEnd) {}

    func receive(within limit: Duration?) async throws(LinkEnd) -> [UInt8] {
        asked.update { $0 += 1 }
        while !isClosed.value {
            if let frame = frames.value.first {
                frames.update { $0.removeFirst() }
                return frame
            }
            do { try await Task.sleep(for: .milliseconds(2)) } catch { throw LinkEnd(.cancelled) }
        }
        throw LinkEnd(.closed)
    }

    func close(code: UInt16, reason: String) { isClosed.update { $0 = true } }
}
