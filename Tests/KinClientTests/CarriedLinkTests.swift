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
        var near = try Link(calling.finish(answer, now: realNow()))
        let first = try near.next().orThrow("the calling side's first message")
        return (End(near), End(try Link(answering.confirm(first))))
    }
}
