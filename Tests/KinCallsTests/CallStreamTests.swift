import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Synchronization
import Testing

@testable import KinCalls

/// Calls over a stream: one answer, many, none.
@Suite struct CallStreamTests {
    private static func operations(_ counter: Counter = Counter()) -> Operations {
        var operations = Operations()
        operations.query("/device/echo", "Says what it hears") { $0.input }
        operations.mutation("/device/fail", "Fails") { _ in
            throw KinError("too_hot", "wait until it is cooler", category: .conflict, retryable: true)
        }
        operations.query("/device/never", "Answers never") { _ in
            counter.began()
            defer { counter.ended() }
            try await Task.sleep(for: .seconds(600))
            return .null
        }
        operations.subscription("/device/once", "Answers once, and goes on") { call in
            counter.began()
            defer { counter.ended() }
            try await call.respond(.integer(1))
            try await Task.sleep(for: .seconds(600))
        }
        operations.query("/device/stubborn", "Goes on though it was given up") { _ in
            counter.began()
            await counter.release()
            counter.ended()
            return .null
        }
        operations.subscription("/device/count", "Counts from 1 on, to the input") { call in
            guard case .integer(let end) = call.input else { throw CallFault(.invalidInput, "a number") }
            counter.began()
            defer { counter.ended() }
            for number in 1...end {
                try await call.respond(.integer(number))
                counter.sent()
            }
        }
        return operations
    }

    private func withEnds(
        _ counter: Counter = Counter(), caller: Caller = .local, _ body: (TwoEnds) async throws -> Void
    ) async throws {
        let ends = TwoEnds(Self.operations(counter), caller: caller)
        defer { ends.end() }
        try await body(ends)
    }

    @Test("a call has one answer, and nothing follows it")
    func one() async throws {
        try await withEnds { ends in
            let answer = try await ends.near.call(OperationPath(known: "/device/echo"), .string("hi"))
            #expect(answer == .string("hi"))
            try await eventually("it is over") { ends.near.isIdle && ends.far.isIdle }
            #expect(ends.recorder.types == ["call.responded"])
        }
    }

    @Test("an operation's own error arrives as it was; what is not there, or not for the caller, is said")
    func errors() async throws {
        try await withEnds { ends in
            let fault = try await #require(throws: CallFault.self) {
                try await ends.near.call(OperationPath(known: "/device/fail"))
            }
            let error = KinError(fault)
            #expect(error.code == "too_hot" && error.category == .conflict && error.retryable)
            let none = try await #require(throws: CallFault.self) {
                try await ends.near.call(OperationPath(known: "/device/none"))
            }
            #expect(none.code == "NOT_FOUND" && KinError(none).category == .notFound)
        }
        let guest = Caller.device(
            member: try ULID("01ARZ3NDEKTSV4RRFFQ69G5FAV").orThrow("id"),
            machineID: try MachineID("0123456789abcdef").orThrow("id"), role: .guest, scopes: [])
        try await withEnds(caller: guest) { ends in
            let fault = try await #require(throws: CallFault.self) {
                try await ends.near.call(OperationPath(known: "/device/echo"))
            }
            #expect(fault.code == "FORBIDDEN")
        }
    }

    @Test("a call without an answer in time fails, and the other side stops working on it")
    func timeout() async throws {
        let counter = Counter()
        try await withEnds(counter) { ends in
            let fault = try await #require(throws: CallFault.self) {
                try await ends.near.call(OperationPath(known: "/device/never"), within: .milliseconds(50))
            }
            #expect(fault.code == "TIMEOUT" && fault.retryable)
            try await eventually("it stopped") { counter.running == 0 && ends.far.isIdle }
        }
    }

    @Test("a call without a deadline says none, and waits until the stream ends")
    func unlimited() async throws {
        let counter = Counter()
        try await withEnds(counter) { ends in
            let call = Task { try await ends.near.call(OperationPath(known: "/device/never"), within: nil) }
            try await eventually("it began") { counter.running == 1 }
            ends.end()
            let fault = try await #require(throws: CallFault.self) { try await call.value }
            #expect(fault.code == "UNAVAILABLE")
        }
    }

    @Test("a subscription has every answer in order, then its end")
    func many() async throws {
        try await withEnds { ends in
            let answers = try await ends.near.subscribe(OperationPath(known: "/device/count"), .integer(1_000))
            var numbers: [JSON] = []
            while let answer = try await answers.next() { numbers.append(answer) }
            #expect(numbers == (1...1_000).map { .integer($0) })
            #expect(ends.near.isIdle)
        }
    }

    @Test("who does not take answers is not sent more than it gave credit for, and the other side waits")
    func credit() async throws {
        let counter = Counter()
        try await withEnds(counter) { ends in
            let answers = try await ends.near.subscribe(OperationPath(known: "/device/count"), .integer(1_000))
            try await eventually("the credit is used up") { counter.count == CallLimits.credit }
            #expect(try await answers.next() == .integer(1))
            #expect(counter.count == CallLimits.credit)
            answers.abort()
            try await eventually("it stopped") { counter.running == 0 }
            #expect(counter.count == CallLimits.credit)
        }
    }

    @Test("a call of a subscription ends with its first answer, on both sides")
    func firstOfMany() async throws {
        let counter = Counter()
        try await withEnds(counter) { ends in
            #expect(
                try await ends.near.call(OperationPath(known: "/device/count"), .integer(1_000)) == .integer(1))
            try await eventually("it stopped") { counter.running == 0 && ends.far.isIdle }
            #expect(ends.recorder.types == ["call.responded"])
        }
    }

    @Test("an operation that has given the one answer that was wanted is stopped, though it waits for something else")
    func firstAndWaiting() async throws {
        let counter = Counter()
        try await withEnds(counter) { ends in
            #expect(try await ends.near.call(OperationPath(known: "/device/once")) == .integer(1))
            try await eventually("it stopped") { counter.running == 0 && ends.far.isIdle }
            #expect(ends.recorder.types == ["call.responded"])
        }
    }

    @Test("who gives up a call and asks again under its id has the second one answered")
    func idUsedAgain() async throws {
        let counter = Counter()
        let (queue, id) = (FrameQueue(), try ULID("01ARZ3NDEKTSV4RRFFQ69G5FAV").orThrow("id"))
        let stream = CallStream(queue, with: .local, answering: Self.operations(counter), now: { 0 })
        defer { stream.end(CallFault(.unavailable, "over")) }
        let first = CallRequest(try OperationPath(known: "/device/stubborn"))
        try stream.receive(CallEnvelope(id: id, event: .requested(first)).frame())
        try await eventually("it began") { counter.running == 1 }
        try stream.receive(CallEnvelope(id: id, event: .aborted(reason: nil)).frame())
        let second = CallRequest(try OperationPath(known: "/device/count"), input: .integer(3), credit: 1)
        try stream.receive(CallEnvelope(id: id, event: .requested(second)).frame())
        counter.open()
        try await eventually("the first has ended") { counter.stopped == 1 }
        try stream.receive(CallEnvelope(id: id, event: .credited(events: 5)).frame())
        var types: [String] = []
        while types.last != "call.completed", let frame = await queue.next() {
            types.append(try CallEnvelope(frame: frame).event.type)
        }
        #expect(types == Array(repeating: "call.responded", count: 3) + ["call.completed"])
    }

    @Test("calls that were given up count until they have ended, and large ones by their bytes")
    func held() async throws {
        let counter = Counter()
        let queue = FrameQueue()
        let stream = CallStream(queue, with: .local, answering: Self.operations(counter), now: { 0 })
        defer { stream.end(CallFault(.unavailable, "over")) }
        let large = CallRequest(
            try OperationPath(known: "/device/stubborn"), input: .string(String(repeating: "x", count: 10_000_000)))
        for number in 0..<5 {
            let id = ULID(milliseconds: Int64(number), randomness: [UInt8](repeating: 7, count: 10))
            try stream.receive(CallEnvelope(id: id, event: .requested(large)).frame())
            try await eventually("it is answered") { counter.running == min(number + 1, 3) }
            try stream.receive(CallEnvelope(id: id, event: .aborted(reason: nil)).frame())
        }
        #expect(counter.running == 3)
        counter.open()
        try await eventually("they have ended") { counter.running == 0 }
    }

    @Test("a device that may call nothing has few calls, and soon none")
    func strangersFlood() async throws {
        let caller = Caller.device(
            member: try ULID("01ARZ3NDEKTSV4RRFFQ69G5FAV").orThrow("id"),
            machineID: try MachineID("0123456789abcdef").orThrow("id"), role: .guest, scopes: [])
        // Nobody takes the refusals.
        let queue = FrameQueue()
        let stream = CallStream(queue, with: caller, answering: Self.operations(), now: { 0 })
        defer { stream.end(CallFault(.unavailable, "over")) }
        while queue.byteCount < 2 * FrameQueue.maxBytes {
            try await queue.send([UInt8](repeating: 0, count: FrameQueue.smallFrame - 1))
        }
        let request = CallRequest(try OperationPath(known: "/device/never"))
        var taken = 0
        #expect(throws: WireError.self) {
            for number in 0..<1_000 {
                let id = ULID(milliseconds: Int64(number), randomness: [UInt8](repeating: 7, count: 10))
                try stream.receive(CallEnvelope(id: id, event: .requested(request)).frame())
                taken += 1
            }
        }
        #expect(taken == 2 * CallLimits.maxCallsOfOthers)
    }

    @Test("answers that nobody takes are held to a bound, though credit was given for more")
    func heldAnswers() async throws {
        var operations = Operations()
        operations.subscription("/device/much", "Answers with much") { call in
            while true { try await call.respond(.string(String(repeating: "x", count: 10_000_000))) }
        }
        let ends = TwoEnds(operations)
        defer { ends.end() }
        let answers = try await ends.near.subscribe(OperationPath(known: "/device/much"))
        try await eventually("it is given up") { ends.near.isIdle && ends.far.isIdle }
        for _ in 0..<3 { #expect(try await answers.next() != nil) }
        let fault = await #expect(throws: CallFault.self) { while try await answers.next() != nil {} }
        #expect(fault?.code == "RESOURCE_EXHAUSTED")
    }

    @Test("when the stream ends, who waits hears why, and what was being answered is stopped")
    func theEnd() async throws {
        let counter = Counter()
        try await withEnds(counter) { ends in
            let asking = Task { try await ends.near.call(OperationPath(known: "/device/never")) }
            try await eventually("it began") { counter.running == 1 }
            ends.near.end(CallFault(.unavailable, "the link was cut"))
            ends.far.end(CallFault(.unavailable, "the link was cut"))
            let fault = await #expect(throws: CallFault.self) { try await asking.value }
            #expect(fault?.message == "the link was cut")
            try await eventually("it stopped") { counter.running == 0 }
            await #expect(throws: CallFault.self) {
                try await ends.near.call(OperationPath(known: "/device/echo"))
            }
        }
    }

    @Test("a task that is cancelled gives up its call, and the other side hears of it")
    func cancelled() async throws {
        let counter = Counter()
        try await withEnds(counter) { ends in
            let task = Task { try await ends.near.call(OperationPath(known: "/device/never")) }
            try await eventually("it began") { counter.running == 1 }
            task.cancel()
            await #expect(throws: CallFault.self) { try await task.value }
            try await eventually("it stopped") { counter.running == 0 && ends.far.isIdle }
        }
    }

    @Test("more answers than were asked for, a call under way twice, or garbage end the stream")
    func misuse() async throws {
        let stream = CallStream(FrameQueue(), with: .local, answering: Self.operations(), now: { 0 })
        let id = try ULID("01ARZ3NDEKTSV4RRFFQ69G5FAV").orThrow("id")
        let request = CallRequest(try OperationPath(known: "/device/never"))
        let frame = CallEnvelope(id: id, event: .requested(request)).frame()
        try stream.receive(frame)
        #expect(throws: WireError.self) { try stream.receive(frame) }
        #expect(throws: WireError.self) { try stream.receive([1, 2, 3]) }
        // Of calls that are not known nothing follows.
        try stream.receive(CallEnvelope(id: id, event: .responded(output: .null)).frame())
        try stream.receive(CallEnvelope(id: id, event: .aborted(reason: nil)).frame())
        stream.end(CallFault(.unavailable, "over"))
    }

    @Test("a flood of calls is refused one by one, then ends the stream")
    func flood() async throws {
        let stream = CallStream(FrameQueue(), with: .local, answering: Self.operations(), now: { 0 })
        defer { stream.end(CallFault(.unavailable, "over")) }
        let request = CallRequest(try OperationPath(known: "/device/never"))
        #expect(throws: WireError.self) {
            for number in 0..<100_000 {
                let id = ULID(milliseconds: Int64(number), randomness: [UInt8](repeating: 7, count: 10))
                try stream.receive(CallEnvelope(id: id, event: .requested(request)).frame())
            }
        }
    }
}

/// What operations of a test did.
final class Counter: Sendable {
    private let state = Mutex((running: 0, count: 0))

    var running: Int { state.withLock { $0.running } }
    var count: Int { state.withLock { $0.count } }

    func began() { state.withLock { $0.running += 1 } }
    func ended() { state.withLock { $0.running -= 1 } }
    func sent() { state.withLock { $0.count += 1 } }

    /// How many have ended.
    var stopped: Int { gate.withLock { $0.stopped } }

    /// Lets those go on that wait in `release`, and all that come later.
    func open() { gate.withLock { $0.isOpen = true } }

    /// Waits for `open`, whatever is cancelled.
    func release() async {
        while !gate.withLock({ $0.isOpen }) { await Task.yield() }
        gate.withLock { $0.stopped += 1 }
    }

    private let gate = Mutex((isOpen: false, stopped: 0))
}
