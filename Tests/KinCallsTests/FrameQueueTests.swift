import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinCalls

@Suite struct FrameQueueTests {
    private let queue = FrameQueue()
    private static let large = [UInt8](repeating: 7, count: 600_000)

    private func marked(_ number: UInt8) -> [UInt8] { [number] + Self.large }

    @Test("frames leave in the order they were given, those that had to wait too")
    func order() async throws {
        let (queue, sent) = (queue, Counter())
        for number in 0..<20 {
            let frame = marked(UInt8(number))
            Task {
                try? await queue.send(frame)
                sent.sent()
            }
            // The first two find room, each other one waits behind those before.
            try await eventually("it is in its place") { queue.count == number + 1 }
        }
        #expect(sent.count <= 2)
        for number in 0..<20 { #expect(queue.take()?.first == UInt8(number)) }
        #expect(queue.take() == nil)
        try await eventually("all were sent") { sent.count == 20 }
    }

    @Test("what is short waits for no data, until there is twice as much as may be")
    func short() async throws {
        for number in 0..<2 { try await queue.send(marked(UInt8(number))) }
        let waiting = Task { [queue] in try await queue.send(Self.large) }
        try await eventually("it waits") { queue.count == 3 }
        try await queue.send([9])
        #expect(queue.take()?.first == 0 && queue.take()?.first == 1)
        #expect(queue.take() == [9])
        #expect(queue.take() == Self.large)
        try await waiting.value
    }

    @Test("who gives up while waiting sends nothing; the end tells all who wait")
    func ends() async throws {
        for number in 0..<2 { try await queue.send(marked(UInt8(number))) }
        let tasks = (0..<3).map { _ in Task { [queue] in try await queue.send(Self.large) } }
        try await eventually("they wait") { queue.count == 5 }
        tasks[1].cancel()
        let fault = await #expect(throws: CallFault.self) { try await tasks[1].value }
        #expect(fault?.code == "ABORTED")
        #expect(queue.count == 4)
        queue.finish(CallFault(.unavailable, "over"))
        for index in [0, 2] {
            let fault = await #expect(throws: CallFault.self) { try await tasks[index].value }
            #expect(fault?.message == "over")
        }
        await #expect(throws: CallFault.self) { try await queue.send([1]) }
        #expect(await queue.next()?.first == 0, "what was taken in is carried still")
        #expect(await queue.next()?.first == 1)
        #expect(await queue.next() == nil)
    }

    @Test("a task that is cancelled already does not wait")
    func cancelled() async throws {
        for number in 0..<2 { try await queue.send(marked(UInt8(number))) }
        let (queue, go) = (queue, Observed(false))
        let task = Task {
            _ = try? await go.wait { $0 }
            try await queue.send(Self.large)
        }
        task.cancel()
        go.update { $0 = true }
        await #expect(throws: CallFault.self) { try await task.value }
    }
}
