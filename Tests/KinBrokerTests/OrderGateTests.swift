import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinBroker

@Suite struct OrderGateTests {
    static let recipient = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))

    private func send(
        _ seq: Int64, line: UInt8 = 1, to destination: Destination = .dm(recipient), priority: Priority = .next
    ) throws -> Send {
        Send(
            clientMessageID: try ClientMessageID("m\(seq)").orThrow("id"),
            requestFingerprint: [UInt8](repeating: 0, count: 32), line: [UInt8](repeating: line, count: 8), seq: seq,
            destination: destination, priority: priority)
    }

    @Test("rising numbers are taken, gaps and all")
    func rising() throws {
        var gate = OrderGate()
        for seq in [3, 4, 9, 1_000] as [Int64] {
            let refusal = gate.admit(try send(seq))
            #expect(refusal == nil)
        }
    }

    @Test("a number that does not rise is out of order", arguments: [5, 4, 1] as [Int64])
    func falling(seq: Int64) throws {
        var gate = OrderGate()
        _ = gate.admit(try send(5))
        let refusal = gate.admit(try send(seq))
        #expect(refusal == .outOfOrder)
        let next = gate.admit(try send(6))
        #expect(next == .outOfOrder, "it too is refused for now, so everything later waits for it")
        let again = gate.admit(try send(seq))
        #expect(again == nil)
    }

    @Test("each line, destination and priority counts for itself")
    func lanes() throws {
        var gate = OrderGate()
        _ = gate.admit(try send(5))
        let other = ULID(milliseconds: 2, randomness: [UInt8](repeating: 2, count: 10))
        let topic = try TopicName("release").orThrow("topic")
        let sends = try [
            send(1, line: 2), send(1, to: .dm(other)), send(1, to: .topic(topic)), send(1, priority: .now),
            send(1, priority: .low),
        ]
        for send in sends {
            let refusal = gate.admit(send)
            #expect(refusal == nil)
        }
    }

    @Test("after a retryable refusal everything later waits until that number or a lower one comes")
    func waiting() throws {
        var gate = OrderGate()
        _ = gate.admit(try send(1))
        _ = gate.admit(try send(2))
        gate.wait(for: try send(2))
        for seq in [3, 4, 100] as [Int64] {
            let refusal = gate.admit(try send(seq))
            #expect(refusal == .outOfOrder)
        }
        let again = gate.admit(try send(2))
        #expect(again == nil)
        let next = gate.admit(try send(3))
        #expect(next == nil)
    }

    @Test("a lower number than the one waited for ends the wait too")
    func lower() throws {
        var gate = OrderGate()
        gate.wait(for: try send(5))
        let lower = gate.admit(try send(2))
        #expect(lower == nil)
        let between = gate.admit(try send(3))
        #expect(between == nil)
    }

    @Test("what is waited for and turns out to be known is waited for no more; what is known besides changes nothing")
    func known() throws {
        var gate = OrderGate()
        gate.wait(for: try send(5))
        for seq in [4, 6] as [Int64] { gate.known(try send(seq)) }
        let early = gate.admit(try send(6))
        #expect(early == .outOfOrder)
        gate.known(try send(5))
        let late = gate.admit(try send(6))
        #expect(late == nil)
    }

    @Test("of several refusals the lowest is waited for")
    func lowest() throws {
        var gate = OrderGate()
        for seq in [4, 2, 3] as [Int64] { gate.wait(for: try send(seq)) }
        let third = gate.admit(try send(3))
        #expect(third == .outOfOrder)
        let second = gate.admit(try send(2))
        #expect(second == nil)
    }

    @Test("what is taken never falls, and nothing overtakes what waits", arguments: 0..<20 as Range<UInt64>)
    func property(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var gate = OrderGate()
        var taken: Int64 = 0
        var waiting: Int64?
        for _ in 0..<300 {
            let seq = Int64(generator.number(in: 1..<30))
            let send = try send(seq)
            guard gate.admit(send) == nil else {
                #expect(waiting.map { seq > $0 } ?? (seq <= taken), "\(seq) refused")
                waiting = waiting ?? seq
                continue
            }
            #expect(waiting.map { seq <= $0 } ?? (seq > taken), "\(seq) taken")
            waiting = nil
            taken = seq
            if generator.oneIn(5) {
                gate.wait(for: send)
                waiting = seq
            }
        }
    }
}
