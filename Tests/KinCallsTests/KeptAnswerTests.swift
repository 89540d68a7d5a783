import KinEncoding
import KinTestServer
import KinTesting
import KinWire
import Testing

@testable import KinCalls

/// Mutations under idempotency keys.
@Suite struct KeptAnswerTests {
    private static let member = ULID(milliseconds: 1, randomness: [UInt8](repeating: 1, count: 10))

    /// A device whose `/device/add` says how often it was done.
    private final class Device: Sendable {
        let operations: Operations
        let done = Counter()
        private let time = Observed(ContinuousClock.now)
        /// How many times it is to fail.
        private let failures = Observed(0)
        private let isHeld = Observed(false)

        init(_ limits: KeptAnswers.Limits = KeptAnswers.Limits()) {
            let (done, time, failures, isHeld) = (done, time, failures, isHeld)
            var operations = Operations(keeping: KeptAnswers(limits: limits) { time.value })
            let add = { @Sendable (call: IncomingCall) async throws -> JSON in
                done.began()
                defer { done.ended() }
                done.sent()
                let number = Int64(done.count)
                if failures.value > 0 {
                    failures.update { $0 -= 1 }
                    throw KinError("too_hot", "wait", category: .conflict)
                }
                _ = try await isHeld.wait { !$0 }
                return .integer(number)
            }
            operations.mutation("/device/add", "Adds one", add)
            operations.mutation("/device/other", "Adds one, too", add)
            operations.mutation("/device/set", "Sets what is set", isIdempotent: true, add)
            self.operations = operations
        }

        func fail(_ times: Int) { failures.update { $0 = times } }
        func hold(_ holds: Bool) { isHeld.update { $0 = holds } }
        func wait(_ duration: Duration) { time.update { $0 += duration } }

        /// On a stream of its own, as after a cut.
        func ask(
            _ operation: String = "add", _ input: JSON = .null, under key: String?, as caller: Caller = .local
        ) async throws -> JSON {
            let ends = TwoEnds(operations, caller: caller)
            defer { ends.end() }
            return try await ends.near.call(OperationPath(known: "/device/" + operation), input, under: key)
        }

        func code(_ input: JSON, under key: String) async -> String? {
            do {
                _ = try await ask("add", input, under: key)
                return nil
            } catch { return (error as? CallFault)?.code }
        }
    }

    @Test("a repeat under the same key has the first answer, on whichever stream, and nothing is done twice")
    func repeated() async throws {
        let device = Device()
        for _ in 0..<3 { #expect(try await device.ask(under: "a") == .integer(1)) }
        #expect(try await device.ask(under: "b") == .integer(2))
        #expect(try await device.ask(under: nil) == .integer(3))
        #expect(try await device.ask(under: nil) == .integer(4), "without a key each is another")
        #expect(device.done.count == 4)
    }

    @Test("the same key with another input is refused, byte for byte")
    func otherInput() async throws {
        let device = Device()
        #expect(try await device.ask("add", .string("\u{e9}"), under: "a") == .integer(1))
        #expect(await device.code(.string("e\u{301}"), under: "a") == "INVALID_INPUT")
        #expect(await device.code(.null, under: "a") == "INVALID_INPUT")
        #expect(try await device.ask("add", .string("\u{e9}"), under: "a") == .integer(1))
        #expect(device.done.count == 1)
    }

    @Test("a key is of one caller and one operation")
    func apart() async throws {
        let device = Device()
        let machine = try MachineID("0123456789abcdef").orThrow("id")
        let other = Caller.device(member: Self.member, machineID: machine, role: .owner, scopes: [])
        let renewed = Caller.device(member: Self.member, machineID: machine, role: .owner, scopes: [.issue])
        #expect(try await device.ask(under: "a") == .integer(1))
        #expect(try await device.ask(under: "a", as: other) == .integer(2))
        #expect(try await device.ask("other", under: "a") == .integer(3))
        #expect(try await device.ask(under: "a", as: renewed) == .integer(2), "the same device, certified anew")
        #expect(try await device.ask(under: "a") == .integer(1))
    }

    @Test("who repeats while the first is under way waits for its answer")
    func underWay() async throws {
        let device = Device()
        device.hold(true)
        let calls = (0..<5).map { _ in Task { try await device.ask(under: "a") } }
        try await eventually("one is done") { device.done.running == 1 }
        device.hold(false)
        for call in calls { #expect(try await call.value == .integer(1)) }
        #expect(device.done.count == 1)
    }

    @Test("what failed is no answer: the repeat does it")
    func failed() async throws {
        let device = Device()
        device.fail(1)
        #expect(await device.code(.null, under: "a") == "too_hot")
        #expect(try await device.ask(under: "a") == .integer(2))
        #expect(try await device.ask(under: "a") == .integer(2))
    }

    @Test("who waits for one that fails does it in its place")
    func failedUnderWay() async throws {
        let device = Device()
        device.hold(true)
        let first = TwoEnds(device.operations)
        let path = try OperationPath(known: "/device/add")
        let asking = Task { try await first.near.call(path, .null, under: "a") }
        try await eventually("it began") { device.done.running == 1 }
        let second = Task { try await device.ask(under: "a") }
        // Its stream is lost, and it with that.
        first.end()
        await #expect(throws: CallFault.self) { try await asking.value }
        device.hold(false)
        let answer = try await second.value
        #expect([.integer(1), .integer(2)].contains(answer))
        #expect(try await device.ask(under: "a") == answer)
    }

    @Test("an operation that may be done again at will passes keys over")
    func idempotent() async throws {
        let device = Device()
        #expect(try await device.ask("set", under: "a") == .integer(1))
        #expect(try await device.ask("set", under: "a") == .integer(2))
    }

    @Test("after a day it is forgotten")
    func lifetime() async throws {
        let device = Device()
        #expect(try await device.ask(under: "a") == .integer(1))
        device.wait(.seconds(86_399))
        #expect(try await device.ask(under: "a") == .integer(1))
        device.wait(.seconds(1))
        #expect(try await device.ask(under: "a") == .integer(2))
    }

    @Test("of many the newest are kept, of each caller and operation apart")
    func bounds() async throws {
        var limits = KeptAnswers.Limits()
        (limits.answers, limits.shelves) = (3, 2)
        let device = Device(limits)
        #expect(try await device.ask("other", under: "z") == .integer(1))
        for number in 1...4 { _ = try await device.ask(under: "\(number)") }
        #expect(try await device.ask(under: "2") == .integer(3))
        #expect(try await device.ask("other", under: "z") == .integer(1), "not pushed out by the others")
        #expect(try await device.ask(under: "1") == .integer(6), "the oldest was forgotten")
        // A third shelf takes the place of the one that was asked least lately.
        let machine = try MachineID("0123456789abcdef").orThrow("id")
        let guest = Caller.device(member: Self.member, machineID: machine, role: .owner, scopes: [])
        device.wait(.seconds(1))
        #expect(try await device.ask(under: "1") == .integer(6))
        #expect(try await device.ask(under: "a", as: guest) == .integer(7))
        #expect(try await device.ask(under: "1") == .integer(6))
        #expect(try await device.ask("other", under: "z") == .integer(8))
    }

    @Test("a subscription's form of a mutation has the first answer, too")
    func withCredit() async throws {
        let device = Device()
        let ends = TwoEnds(device.operations)
        defer { ends.end() }
        for _ in 0..<2 {
            let answers = try await ends.near.subscribe(OperationPath(known: "/device/add"), under: "a")
            #expect(try await answers.next() == .integer(1))
            #expect(try await answers.next() == nil)
        }
        #expect(device.done.count == 1)
    }
}
