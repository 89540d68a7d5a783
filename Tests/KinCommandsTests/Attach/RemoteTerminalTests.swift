import KinCalls
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinCommands

/// A terminal of another device, over a stream in memory.
@Suite struct RemoteTerminalTests {
    private static let id = ULID(milliseconds: 1, randomness: Array(repeating: 2, count: 10))

    /// One on the device kiosk, which answers so.
    private static func with(_ operations: Operations, _ body: (RemoteTerminal) async throws -> Void) async throws {
        let (there, back) = (FrameQueue(), FrameQueue())
        let far = CallStream(back, with: .local, answering: operations, now: { 0 })
        let near = CallStream(there, with: .local, answering: Operations(), now: { 0 })
        let carrying = [
            Task { while let frame = await there.next() { try? far.receive(frame) } },
            Task { while let frame = await back.next() { try? near.receive(frame) } },
        ]
        defer {
            for task in carrying { task.cancel() }
            for queue in [there, back] { queue.finish(CallFault(.unavailable, "the test is over")) }
        }
        try await body(RemoteTerminal(node: "kiosk", id: id, comeBack: "", by: { near }))
    }

    @Test("what is typed waits as long as it has to; a new size does not")
    func deadlines() async throws {
        let deadlines = Observed([Int64?]())
        var operations = Operations()
        for path: StaticString in ["/kiosk/term/write", "/kiosk/term/resize"] {
            operations.mutation(path, "Says by when its answer is wanted") { call in
                deadlines.update { $0.append(call.request.deadline) }
                return .object([:])
            }
        }
        try await Self.with(operations) { terminal in
            try await terminal.write([0x61])
            try await terminal.resize(to: .usual)
        }
        #expect(deadlines.value == [nil, 30_000])
    }

    @Test("it is detached once the device says that nobody is attached any more")
    func detachment() async throws {
        let asked = Observed(0)
        var operations = Operations()
        operations.query("/kiosk/term/list", "Counts those who are attached down") { _ in
            asked.update { $0 += 1 }
            let info = TerminalInfo(
                id: Self.id, name: "", command: ["sh"], process: 1, size: .usual, opened: 0, lastAttached: 0,
                attached: 3 - asked.value, exit: nil)
            return TerminalInfo.json([info])
        }
        try await Self.with(operations) { try await $0.detach() }
        #expect(asked.value == 3)
    }
}
