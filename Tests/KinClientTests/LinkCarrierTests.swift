import KinClient
import KinCrypto
import KinIdentity
import KinTestServer
import KinTesting
import KinWebSocket
import KinWire
import NIOPosix
import Synchronization
import Testing

/// Carriers of links and rooms, through a real relay.
@Suite struct LinkCarrierTests {
    struct Relay: Sendable {
        let server: TestServer
        let route: RelayCarrier.Route
        let device: Installation
        let routeID: String
        let sessions = Observed([[UInt8]]())

        /// The device's end of the link that is asked for next.
        func answered(_ number: Int = 0) async throws -> RelayCarrier {
            let session = try await sessions.wait { $0.count > number }[number]
            return try await RelayCarrier.answer(session, by: route)
        }

        func dial() async throws -> RelayCarrier {
            try await RelayCarrier.dial(device.machineID, of: routeID, by: route)
        }

        func link() async throws -> (near: RelayCarrier, far: RelayCarrier) {
            let number = sessions.value.count
            let near = try await dial()
            return (near, try await answered(number))
        }
    }

    /// A relay alone, with one device registered there.
    static func run(_ body: (Relay) async throws -> Void) async throws {
        let house = try Household()
        let device = try await house.device(at: realNow())
        let entry = try house.entry(device, "studio")
        let server = try await TestServer.start(data: "/proc/none/kindred", relayOnly: true)
        do {
            let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
            let relay = Relay(
                server: server, route: .init(try ServerAddress(server.url), tls: nil, on: eventLoop), device: device,
                routeID: house.wallet.file.routeID)
            let link = try await RegistrationLink.open(
                ServerAddress(server.url), under: house.wallet.file.routeID, machineID: device.machineID,
                keys: device.keys,
                tls: nil, on: eventLoop, blob: { entry.blob },
                onAttach: { session in relay.sessions.update { $0.append(session) } }, onEnd: { _ in })
            try await body(relay)
            link.close(reason: "done")
            try await server.stop()
        } catch {
            try? await server.stop()
            throw error
        }
    }

    /// Expects that something ends, for that cause.
    @discardableResult
    private func ends(
        _ cause: LinkEnd.Cause, at location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
    ) async throws -> LinkEnd {
        do {
            try await body()
            throw MissingValue("an end for \(cause)")
        } catch let end as LinkEnd {
            #expect(end.cause == cause, sourceLocation: location)
            return end
        }
    }

    @Test("frames arrive whole and in order, both ways, also those sent before the device answered")
    func frames() async throws {
        try await Self.run { relay in
            let near = try await relay.dial()
            var generator = SeededGenerator(seed: 2)
            let frames = (0..<200).map { _ in generator.bytes(upTo: 5_000) } + [[UInt8](repeating: 1, count: 65_535)]
            for frame in frames.prefix(3) { try await near.send(frame) }
            let far = try await relay.answered()
            for frame in frames.dropFirst(3) { try await near.send(frame) }
            for frame in frames { #expect(try await far.receive(within: .seconds(20)) == frame) }
            for frame in frames { try await far.send(frame) }
            for frame in frames { #expect(try await near.receive(within: .seconds(20)) == frame) }
            far.close(reason: "done")
            try await ends(.peerClosed) { _ = try await near.receive() }
            try await ends(.peerClosed) { try await near.send([1]) }
            try await ends(.closed) { _ = try await far.receive() }
        }
    }

    @Test("small frames are taken where they come while nobody has an earlier one in hand; the order stays")
    func takenAtOnce() async throws {
        try await Self.run { relay in
            let (near, far) = try await relay.link()
            let (got, offered) = (Observed([[UInt8]]()), Observed(0))
            far.takeSmallFrames { frame in
                // Every third is left to who receives.
                offered.update { $0 += 1 }
                let isTaken = offered.value % 3 != 0
                if isTaken { got.update { $0.append(frame) } }
                return isTaken ? .taken : .declined
            }
            // Who has an earlier frame in hand does not wait in `receive`: whatever comes meanwhile is for him.
            try await near.send([0])
            try await eventually("a frame that nobody waited for") {
                (try? await far.receive(within: .zero)) == [0]
            }
            #expect(offered.value == 0)
            let receiving = Task {
                while true {
                    let frame = try await far.receive()
                    got.update { $0.append(frame) }
                }
            }
            var generator = SeededGenerator(seed: 3)
            let frames = (0..<400).map { generator.bytes(upTo: $0 % 5 == 0 ? 20_000 : 100) }
            for (turn, frame) in frames.enumerated() {
                try await near.send(frame)
                // Now and then it comes alone.
                if turn % 7 == 0 { _ = try await got.wait { $0.count == turn + 1 } }
            }
            let all = try await got.wait { $0.count == frames.count }
            #expect(all == frames)
            try await eventually("frames that come while the receiving task sleeps") {
                let count = got.value.count
                try await near.send([1])
                _ = try await got.wait { $0.count > count }
                return offered.value > 3
            }
            near.close(reason: "done")
            try await ends(.peerClosed) { try await receiving.value }
        }
    }

    @Test("a taker that takes no more ends the receiving")
    func takerRefuses() async throws {
        try await Self.run { relay in
            let (near, far) = try await relay.link()
            far.takeSmallFrames { _ in .over }
            let receiving = Task { while true { _ = try await far.receive() } }
            // The first may come before anybody waits for it.
            let sending = Task {
                while !Task.isCancelled {
                    try await near.send([1])
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            try await ends(.closed) {
                try await within(.seconds(20), "the receiving ends") { try await receiving.value }
            }
            sending.cancel()
            try await ends(.closed) { _ = try await far.receive() }
            near.close(reason: "done")
        }
    }

    @Test("who sends to a side that does not receive waits, and goes on when it does; nothing is lost or piled up")
    func backPressure() async throws {
        try await Self.run { relay in
            let (near, far) = try await relay.link()
            let frame = [UInt8](repeating: 9, count: 65_534)
            let count = 600
            let sent = Observed(0)
            let sending = Task {
                for number in 0..<count {
                    try await near.send([UInt8(truncatingIfNeeded: number)] + frame)
                    sent.update { $0 += 1 }
                }
            }
            _ = try await sent.wait { $0 > 0 }
            var (last, calm) = (0, 0)
            while calm < 20 {
                try await Task.sleep(for: .milliseconds(10))
                calm = sent.value == last ? calm + 1 : 0
                last = sent.value
            }
            #expect(last < count, "\(last) frames of 64 KiB were taken though none was received")
            for number in 0..<count {
                let got = try await far.receive(within: .seconds(20))
                #expect(got.first == UInt8(truncatingIfNeeded: number) && got.count == 65_535)
            }
            try await sending.value
            near.close(reason: "done")
        }
    }

    @Test("a wait ends at its deadline, or when it is cancelled, and the carrier goes on")
    func deadlines() async throws {
        try await Self.run { relay in
            let (near, far) = try await relay.link()
            let began = ContinuousClock.now
            try await ends(.timedOut) { _ = try await near.receive(within: .milliseconds(50)) }
            #expect(ContinuousClock.now - began >= .milliseconds(50))
            try await ends(.timedOut) { _ = try await near.receive(within: .zero) }
            let waiting = Task { try await near.receive() }
            waiting.cancel()
            try await ends(.cancelled) { _ = try await waiting.value }
            try await far.send([4])
            #expect(try await near.receive(within: .seconds(20)) == [4])
            near.close(reason: "done")
        }
    }

    @Test(
        "each end says why: nobody there, session gone, room taken, a code of the other side's own, a server that stops"
    )
    func reasons() async throws {
        try await Self.run { relay in
            let nobody = try await RelayCarrier.dial(
                try MachineID("00000000000000ff").orThrow("an id"), of: relay.routeID, by: relay.route)
            let offline = try await ends(.deviceOffline) { _ = try await nobody.receive() }
            #expect(offline.cause == .deviceOffline && offline.code == 4404 && !offline.isRetryable)
            #expect(offline.message.contains("not connected"))

            let gone = try await RelayCarrier.answer([UInt8](repeating: 1, count: 16), by: relay.route)
            try await ends(.sessionGone) { _ = try await gone.receive() }

            let (near, far) = try await relay.link()
            far.close(code: 4507, reason: "wrong_mesh")
            let own = try await ends(.application) { _ = try await near.receive() }
            #expect(own.cause == .application && own.code == 4507 && own.said == "wrong_mesh")

            let room = [UInt8](repeating: 3, count: 32)
            let first = try await RelayCarrier.meet(in: room, by: relay.route)
            try await first.send([1])
            let second = try await RelayCarrier.meet(in: room, by: relay.route)
            #expect(try await second.receive(within: .seconds(20)) == [1])
            let third = try await RelayCarrier.meet(in: room, by: relay.route)
            try await ends(.roomTaken) { _ = try await third.receive() }
            try await second.send([2])
            #expect(try await first.receive(within: .seconds(20)) == [2])
            try await ends(.frameTooLarge) { try await first.send([UInt8](repeating: 0, count: 65_536)) }

            let malformed = try await ends(.relayRefused) { _ = try await RelayCarrier.meet(in: [1], by: relay.route) }
            #expect(malformed.cause == .relayRefused && malformed.said.contains("room"))
            try await relay.server.stop()
            let draining = try await ends(.draining) { _ = try await first.receive() }
            #expect(draining.cause == .draining && draining.isRetryable)
            let unreachable = try await ends(.unreachable) { _ = try await relay.dial() }
            #expect(unreachable.cause == .unreachable && unreachable.isRetryable)
        }
    }

    @Test("a server that knows no links is said so")
    func tooOld() async throws {
        try await FakeBroker.run(.silent) { broker in
            let route = RelayCarrier.Route(
                try ServerAddress(broker.url), tls: nil, on: MultiThreadedEventLoopGroup.singleton.next())
            try await ends(.relayTooOld) {
                _ = try await RelayCarrier.meet(in: [UInt8](repeating: 1, count: 32), by: route)
            }
        }
    }

    @Test("every cause has words of its own that end without a full stop, and a code that is a word")
    func words() {
        let messages = LinkEnd.Cause.allCases.map { LinkEnd($0).message }
        #expect(Set(messages).count == messages.count)
        #expect(messages.allSatisfy { !$0.isEmpty && !$0.hasSuffix(".") })
        #expect(LinkEnd.Cause.allCases.allSatisfy { $0.rawValue.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil })
        for close in LinkClose.allCases {
            #expect(close.reason.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil)
        }
    }
}
