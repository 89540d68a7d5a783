import Synchronization
import Testing

@testable import KinClient

@Suite struct IdleSenderTests {
    private let carrier = RoomyCarrier()
    private let sender = IdleSender()

    /// Gives these, one at a time.
    private func messages(_ list: [[UInt8]]) -> (Int) -> [UInt8]? {
        var rest = list[...]
        return { _ in rest.popFirst() }
    }

    @Test("while the task sleeps everything there is goes to its carrier, in order; while it is awake nothing")
    func parked() {
        #expect(!sender.send(messages([[1]])))
        sender.park(carrier, 0)
        #expect(sender.send(messages([[1], [2]])))
        #expect(sender.send(messages([])))
        sender.unpark(0)
        #expect(!sender.send(messages([[3]])))
        #expect(carrier.given == [[1], [2]])
    }

    @Test("without room nothing is sealed, and the task is woken")
    func full() {
        sender.park(carrier, 0)
        carrier.room = 1
        var sealed = 0
        let isSent = sender.send { _ in
            sealed += 1
            return [UInt8(sealed)]
        }
        #expect(!isSent && sealed == 1 && carrier.given == [[1]])
        carrier.room = 5
        #expect(!sender.send(messages([[2]])), "the task is awake now")
    }

    @Test("what goes wrong is the task's to find out")
    func failure() {
        sender.park(carrier, 0)
        #expect(!sender.send { _ in throw LinkEnd(.closed) })
        #expect(!sender.send(messages([[1]])))
        #expect(carrier.given == [])
    }

    @Test("the task of an earlier connection neither takes the place of a later one's nor ends it")
    func connections() {
        let old = RoomyCarrier()
        sender.park(old, 1)
        sender.park(carrier, 2)
        sender.park(old, 1)
        sender.unpark(1)
        var numbers: [Int] = []
        var rest: [[UInt8]] = [[7]]
        let isSent = sender.send { number in
            numbers.append(number)
            return rest.popLast()
        }
        #expect(isSent && numbers == [2, 2])
        #expect(carrier.given == [[7]] && old.given == [])
    }
}

/// Takes as many frames as it has room for.
private final class RoomyCarrier: LinkCarrier {
    private let state = Mutex((room: 100, given: [[UInt8]]()))

    var room: Int {
        get { state.withLock { $0.room } }
        set { state.withLock { $0.room = newValue } }
    }
    var given: [[UInt8]] { state.withLock { $0.given } }

    var hasRoom: Bool { room > 0 }

    func give(_ frame: [UInt8]) {
        state.withLock { state in
            state.room -= 1
            state.given.append(frame)
        }
    }

    func send(_ frame: [UInt8]) async throws(LinkEnd) { throw LinkEnd(.closed) }

    func receive(within limit: Duration?) async throws(LinkEnd) -> [UInt8] { throw LinkEnd(.closed) }

    func close(code: UInt16, reason: String) {}
}
