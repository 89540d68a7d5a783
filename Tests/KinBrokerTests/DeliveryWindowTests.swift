import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinBroker

@Suite struct DeliveryWindowTests {
    static let recipient = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))

    static func message(
        _ id: Int64, _ priority: Priority = .next, bytes: Int = 1, expiresAt: Int64? = nil
    ) throws -> StoredMessage {
        StoredMessage(
            push: Push(
                brokerMessageID: id, clientMessageID: try ClientMessageID("m\(id)").orThrow("id"), sender: recipient,
                line: [UInt8](repeating: 0, count: 8), seq: id, destination: .dm(recipient), priority: priority,
                sentAt: 0),
            expiresAt: expiresAt, body: [UInt8](repeating: 0, count: bytes))
    }

    /// A window that has found its store empty.
    static func idle() throws -> DeliveryWindow {
        var window = DeliveryWindow(positions: [0, 0, 0])
        for _ in Priority.allCases {
            let load = try window.requireLoad()
            _ = window.loaded([], for: load, now: 0)
        }
        let more = window.nextLoad()
        #expect(more == nil)
        return window
    }

    @Test("at first the store is read, by priority, from the positions on")
    func loads() {
        var window = DeliveryWindow(positions: [7, 8, 9])
        for (priority, position) in [(Priority.now, 7), (.next, 8), (.low, 9)] as [(Priority, Int64)] {
            let load = window.nextLoad()
            #expect(load == .init(priority: priority, after: position, limit: 256, maxBytes: 1 << 20))
            let second = window.nextLoad()
            #expect(second == nil, "one read at a time")
            if let load { _ = window.loaded([], for: load, now: 0) }
        }
        let none = window.nextLoad()
        #expect(none == nil)
    }

    @Test("a fresh message is pushed at once where nothing waits before it")
    func offers() throws {
        var window = try Self.idle()
        let isPushed = window.offer(id: 1, priority: .next, bytes: 1, now: 0)
        #expect(isPushed)
        #expect(window.positions == [0, 0, 0])
        let moved = window.acknowledge([1])
        #expect(moved)
        #expect(window.positions == [0, 1, 0])
    }

    @Test("a fresh message waits behind those of its own or a higher priority that are still in the store")
    func behind() throws {
        var window = DeliveryWindow(positions: [0, 0, 0])
        let early = window.offer(id: 5, priority: .now, bytes: 1, now: 0)
        #expect(!early)
        let load = try window.requireLoad()
        let handedOut = window.loaded([try Self.message(5, .now)], for: load, now: 0)
        #expect(handedOut.count == 1)
        let again = window.offer(id: 5, priority: .now, bytes: 1, now: 0)
        #expect(!again, "what was handed out is not pushed twice")
    }

    @Test("a position never passes what is not acknowledged")
    func positions() throws {
        var window = try Self.idle()
        for id in 1...5 as ClosedRange<Int64> { _ = window.offer(id: id, priority: .now, bytes: 1, now: 0) }
        _ = window.acknowledge([2, 3, 5])
        #expect(window.positions[0] == 0)
        _ = window.acknowledge([1])
        #expect(window.positions[0] == 3)
        let unknown = window.acknowledge([1, 2, 99])
        #expect(!unknown)
        _ = window.acknowledge([4])
        #expect(window.positions[0] == 5)
    }

    @Test("at most 256 messages are in flight")
    func count() throws {
        var window = try Self.idle()
        for id in 1...256 as ClosedRange<Int64> {
            let isPushed = window.offer(id: id, priority: .next, bytes: 1, now: 0)
            #expect(isPushed)
        }
        let beyond = window.offer(id: 257, priority: .next, bytes: 1, now: 0)
        #expect(!beyond)
        let full = window.nextLoad()
        #expect(full == nil)
        _ = window.acknowledge([1])
        let load = window.nextLoad()
        #expect(load == .init(priority: .next, after: 256, limit: 1, maxBytes: 1 << 20 - 255))
    }

    @Test("with room again, what waits in the store goes before fresh messages of a lower priority")
    func lowerPriority() throws {
        var window = try Self.idle()
        for id in 1...257 as ClosedRange<Int64> { _ = window.offer(id: id, priority: .now, bytes: 1, now: 0) }
        _ = window.acknowledge([1, 2])
        let isPushed = window.offer(id: 258, priority: .low, bytes: 1, now: 0)
        #expect(!isPushed)
        let load = try window.requireLoad()
        #expect(load.priority == .now && load.after == 256)
    }

    @Test("at most 1 MiB is in flight")
    func bytes() throws {
        var window = try Self.idle()
        let half = DeliveryWindow.maxBytes / 2
        let results = (1...3).map { window.offer(id: $0, priority: .next, bytes: half, now: 0) }
        #expect(results == [true, true, false])
    }

    @Test("messages that came while the store was being read do not make a full window fuller")
    func crowded() throws {
        var window = DeliveryWindow(positions: [0, 0, 0])
        for _ in 0..<2 {
            let load = try window.requireLoad()
            _ = window.loaded([], for: load, now: 0)
        }
        let load = try window.requireLoad()
        #expect(load.priority == .low && load.limit == 256)
        for id in 1_000..<1_256 as Range<Int64> { _ = window.offer(id: id, priority: .now, bytes: 1, now: 0) }
        let read = try (1...256).map { try Self.message($0, .low) }
        let handedOut = window.loaded(read, for: load, now: 0)
        #expect(handedOut.count == 0, "256 were in flight already")
        _ = window.acknowledge(1_000..<1_256)
        let again = try window.requireLoad()
        #expect(again.priority == .low && again.after == 0, "they are found again")
    }

    @Test("messages that were emptied are passed over and count as finished; expired ones are handed out")
    func emptied() throws {
        var window = DeliveryWindow(positions: [0, 0, 0])
        let load = try window.requireLoad()
        let read = try [
            Self.message(1, .now, bytes: 0), Self.message(2, .now, expiresAt: 9), Self.message(3, .now, bytes: 0),
        ]
        let handedOut = window.loaded(read, for: load, now: 10)
        #expect(handedOut.map(\.push.brokerMessageID) == [2])
        #expect(window.positions[0] == 1)
        _ = window.acknowledge([2])
        #expect(window.positions[0] == 3)
    }

    @Test("what is not acknowledged for 30 seconds is handed out again from the oldest on")
    func leases() throws {
        var window = try Self.idle()
        for id in 1...3 as ClosedRange<Int64> { _ = window.offer(id: id, priority: .next, bytes: 1, now: id * 1000) }
        _ = window.acknowledge([2])
        let early = window.expireLeases(now: 30_999) > 0
        #expect(!early)
        let late = window.expireLeases(now: 31_000) > 0
        #expect(late)
        let load = try window.requireLoad()
        #expect(load.priority == .next && load.after == 0)
        #expect(window.positions == [0, 0, 0])
    }

    @Test("where there is more to find behind a position all beyond is handed out again, in flight or acknowledged")
    func rewinding() throws {
        var window = try Self.idle()
        for id in 1...4 as ClosedRange<Int64> { _ = window.offer(id: id, priority: .next, bytes: 10, now: 0) }
        _ = window.acknowledge([1, 2, 3])
        window.rewind(to: 1)
        #expect(window.positions == [0, 1, 0] && window.inFlight == (0, 0))
        let load = try window.requireLoad()
        // What is being read does not have it.
        window.rewind(to: 9)
        #expect(window.positions == [0, 1, 0], "never forward")
        let stale = window.loaded([try Self.message(9, load.priority)], for: load, now: 0)
        #expect(stale.isEmpty)
        let again = try window.requireLoad()
        #expect(again == load)
        let handedOut = window.loaded([try Self.message(9, load.priority)], for: again, now: 0)
        #expect(handedOut.count == 1)
    }

    @Test("an answer of the store to a question that no longer holds is dropped")
    func staleLoad() throws {
        var window = DeliveryWindow(positions: [0, 0, 0])
        let first = try window.requireLoad()
        _ = window.loaded([try Self.message(1, .now)], for: first, now: 0)
        let second = try window.requireLoad()
        #expect(second.after == 1)
        _ = window.expireLeases(now: 40_000)
        let handedOut = window.loaded([try Self.message(2, .now)], for: second, now: 40_000)
        #expect(handedOut == [])
        let third = try window.requireLoad()
        #expect(third.after == 0, "message 1 is repeated before 2")
    }

    @Test("a store that could not be read is asked again")
    func failedLoad() throws {
        var window = DeliveryWindow(positions: [4, 0, 0])
        let first = try window.requireLoad()
        window.loadFailed()
        let again = window.nextLoad()
        #expect(again == first)
    }
}

extension DeliveryWindow {
    fileprivate mutating func requireLoad() throws -> Load { try nextLoad().orThrow("a load") }
}
