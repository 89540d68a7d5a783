import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinBroker

/// What a member asks for again.
@Suite struct HistoryTests {
    let bench: BrokerBench
    let sender: TestDaemon
    let device: TestDevice
    let request = ULID(milliseconds: 7, randomness: [UInt8](repeating: 7, count: 10))

    init() async throws {
        bench = try BrokerBench()
        sender = try await bench.join()
        device = try await bench.device()
        sender.receive(.memberPut(MemberPut(chain: device.chain)))
    }

    private func send(_ ids: [String], from first: Int64 = 1, bytes: Int = 3) async throws {
        let frames = try ids.enumerated().map { index, id in
            try sender.send(
                id, to: device.member, seq: first + Int64(index), body: [UInt8](repeating: 1, count: bytes))
        }
        sender.receive(frames)
        for id in ids { _ = try await sender.ack(of: id) }
    }

    private func ask(_ daemon: TestDaemon, _ conversation: Destination, before: Int64? = nil, limit: Int64 = 256) {
        daemon.receive(
            .history(History(request: request, conversation: conversation, before: before, limit: limit)))
    }

    /// The items of an answer, and its end.
    private func answer(_ daemon: TestDaemon) async throws -> (items: [String], before: Int64?) {
        let end = try await daemon.sink.take("history_end") {
            if case .historyEnd(let end) = $0.message { end } else { nil }
        }
        #expect(end.request == request)
        var items: [String] = []
        while daemon.sink.messages.contains(where: { $0.type == "history_item" }) {
            let item = try await daemon.sink.take("history_item") {
                if case .historyItem(let item) = $0.message { item } else { nil }
            }
            #expect(item.request == request)
            items.append(item.push.clientMessageID.description)
        }
        return (items, end.before)
    }

    private func history(
        _ daemon: TestDaemon, _ conversation: Destination, before: Int64? = nil, limit: Int64 = 256
    ) async throws -> (items: [String], before: Int64?) {
        ask(daemon, conversation, before: before, limit: limit)
        return try await answer(daemon)
    }

    @Test("what was acknowledged is told again, newest first, in pages; what still waits comes by push alone")
    func acknowledged() async throws {
        let daemon = try await bench.join(device)
        try await send((1...6).map { "m\($0)" })
        let pushes = try await daemon.pushes(6)
        let mine = Destination.dm(device.member)
        #expect(try await history(daemon, mine).items == [])
        daemon.acknowledge([0, 1, 2, 4].map { pushes[$0].push })
        #expect(try await history(daemon, mine).items == ["m3", "m2", "m1"], "the acknowledged prefix")
        daemon.acknowledge([3, 5].map { pushes[$0].push })
        let first = try await history(daemon, mine, limit: 4)
        #expect(first.items == ["m6", "m5", "m4", "m3"])
        let second = try await history(daemon, mine, before: first.before, limit: 4)
        #expect(second.items == ["m2", "m1"] && second.before == nil)
        #expect(!daemon.sink.messages.contains { $0.type == "push" })
    }

    @Test("it is told after a restart of the broker too, to a session that was handed nothing yet")
    func afterRestart() async throws {
        let daemon = try await bench.join(device)
        try await send(["a", "b"])
        daemon.acknowledge(try await daemon.pushes(2).map(\.push))
        try await daemon.settle()
        let later = try bench.restarted()
        let again = try await later.join(device)
        #expect(try await history(again, .dm(device.member)).items == ["b", "a"])
    }

    @Test("a conversation is told to both who have it, and to nobody else")
    func conversations() async throws {
        let daemon = try await bench.join(device)
        try await send(["to"])
        daemon.acknowledge([try await daemon.push().push])
        daemon.receive([try daemon.send("fro", to: sender.member)])
        _ = try await daemon.ack(of: "fro")
        sender.acknowledge([try await sender.push().push])
        #expect(try await history(daemon, .dm(sender.member)).items == ["fro", "to"])
        #expect(try await history(sender, .dm(device.member)).items == ["fro", "to"])
        let third = try await bench.join()
        for other in [sender.member, device.member, third.member] {
            let told = try await history(third, .dm(other))
            #expect(told.items == [] && told.before == nil)
        }
    }

    @Test("a page holds at most 1 MiB")
    func bytes() async throws {
        let daemon = try await bench.join(device)
        for turn in 0..<20 {
            try await send(["m\(turn)"], from: Int64(turn) + 1, bytes: 65_536)
            daemon.acknowledge([try await daemon.push().push])
        }
        let first = try await history(daemon, .dm(device.member))
        #expect(first.items == (4..<20).reversed().map { "m\($0)" })
        let second = try await history(daemon, .dm(device.member), before: first.before)
        #expect(second.items == (0..<4).reversed().map { "m\($0)" } && second.before == nil)
    }

    @Test("a topic is not known, which is said, and the session goes on")
    func topics() async throws {
        let topic = try TopicName("build").orThrow("a topic's name")
        ask(sender, .topic(topic))
        let error = try await sender.error()
        #expect(error.code == "unknown_topic" && error.ref == "history")
        #expect(try await history(sender, .dm(sender.member)).items == [])
    }

    @Test("too many pages a second are refused with the time to wait, and taken again after it")
    func rate() async throws {
        for _ in 0..<HistoryGate.limits.burst { _ = try await history(sender, .dm(sender.member)) }
        ask(sender, .dm(sender.member))
        let error = try await sender.error()
        #expect(error.code == "rate_limited" && error.ref == "history" && error.message.contains("125 ms"))
        bench.clock.advance(by: 125)
        _ = try await history(sender, .dm(sender.member))
        ask(sender, .dm(sender.member))
        #expect(try await sender.error().code == "rate_limited")
        #expect(sender.sink.closures.isEmpty)
    }

    @Test("who connects again has no more pages by that, and others have theirs")
    func rateOfAMember() async throws {
        let daemon = try await bench.join(device)
        for _ in 0..<HistoryGate.limits.burst { _ = try await history(daemon, .dm(device.member)) }
        let again = try await bench.join(device)
        ask(again, .dm(device.member))
        #expect(try await again.error().code == "rate_limited")
        _ = try await history(sender, .dm(sender.member))
        bench.clock.advance(by: 125)
        _ = try await history(again, .dm(device.member))
    }

    @Test("one question at a time is answered")
    func busy() throws {
        var gate = HistoryGate()
        #expect(gate.ask(buffered: 0) { nil } == nil)
        #expect(gate.ask(buffered: 0) { nil } == .busy)
        gate.answered()
        #expect(gate.ask(buffered: 0) { 7 } == .tooMany(7))
        #expect(gate.ask(buffered: 0) { nil } == nil)
    }

    @Test("who does not take what it was told is told no more until it has")
    func slow() async throws {
        sender.sink.hold(HistoryGate.maxBuffered + 1)
        ask(sender, .dm(sender.member))
        let error = try await sender.error()
        #expect(error.code == "history_busy" && error.ref == "history")
        sender.sink.hold(HistoryGate.maxBuffered)
        #expect(try await history(sender, .dm(sender.member)).items == [])
    }

    @Test("a session that is replaced while its page is read is told nothing more")
    func replaced() async throws {
        let session = Observed(BrokerSession?.none)
        let bench = try BrokerBench(wrapping: { store in
            WatchedStore(store: store) { reading in
                if reading == .history { session.value?.end(.replacedByNewerConnection) }
            }
        })
        let daemon = try await bench.join()
        session.update { $0 = daemon.session }
        ask(daemon, .dm(daemon.member))
        _ = try await daemon.sink.closure()
        await withCheckedContinuation { read in bench.broker.historyQueue.async { read.resume() } }
        #expect(daemon.session.state.withLock { !$0.history.isAnswering })
        #expect(!daemon.sink.messages.contains { $0.type.hasPrefix("history") })
    }

    @Test("a store that cannot be read is said, and the next question is taken all the same")
    func unreadable() async throws {
        let readings = Observed(0)
        let bench = try BrokerBench(wrapping: { store in
            WatchedStore(store: store) { reading in
                guard reading == .history else { return }
                readings.update { $0 += 1 }
                if readings.value == 1 { throw WatchedStore.Blind() }
            }
        })
        let daemon = try await bench.join()
        ask(daemon, .dm(daemon.member))
        let error = try await daemon.error()
        #expect(error.code == "storage_unavailable" && error.ref == "history")
        #expect(try await history(daemon, .dm(daemon.member)).items == [])
    }
}
