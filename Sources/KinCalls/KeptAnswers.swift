import KinEncoding
import KinWire
import Synchronization

/// The answers to mutations that came under an idempotency key: a repeat gets the first one, and nothing is done twice.
///
/// Kept in memory, for each caller and operation apart, so that nobody pushes out what another relies on. Only answers are: a call that failed is done anew.
public final class KeptAnswers: Sendable {
    public struct Limits: Sendable {
        /// How long an answer is kept.
        public var lifetime = Duration.seconds(86_400)
        /// Answers to one caller of one operation: beyond that the oldest go.
        public var answers = 512
        /// Bytes of these, the newest answer excepted.
        public var bytes = 1 << 18
        /// Pairs of caller and operation: beyond that those that were asked least lately go.
        public var shelves = 256

        public init() {}
    }

    private struct Shelf: Hashable {
        /// nil: a program on this machine.
        let caller: ULID?
        let operation: OperationPath

        init(_ call: IncomingCall, _ operation: OperationPath) {
            switch call.caller {
            case .local: caller = nil
            case .device(let member, _, _, _): caller = member
            }
            self.operation = operation
        }
    }

    private let limits: Limits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let shelves = Mutex<[Shelf: AnswerShelf]>([:])
    /// Woken whenever a call that others may wait for has ended.
    private let changes = Wakeups()

    public init(limits: Limits = Limits(), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.limits = limits
        self.now = now
    }

    /// The answer that was given under this key, or the one that `perform` gives now. Who asks while the first is under way waits for it.
    /// - Throws: `INVALID_INPUT` where the key came with another input; what `perform` throws.
    func answer(
        _ call: IncomingCall, of operation: OperationPath, under key: String, _ perform: () async throws -> JSON
    ) async throws -> JSON {
        let (shelf, input) = (Shelf(call, operation), Self.fingerprint(call.input))
        while true {
            let seen = changes.count
            switch claim(key, input, on: shelf) {
            case .answered(let answer): return answer
            case .taken: throw CallFault.keyTaken
            case .underWay:
                await changes.wait(after: seen)
                try Task.checkCancellation()
            case .free:
                let outcome: Result<JSON, any Error>
                do { outcome = .success(try await perform()) } catch { outcome = .failure(error) }
                settle(key, try? outcome.get(), on: shelf)
                return try outcome.get()
            }
        }
    }

    private func claim(_ key: String, _ input: Int, on shelf: Shelf) -> AnswerShelf.Claim {
        shelves.withLock { shelves in
            let time = now()
            if shelves[shelf] == nil { Self.makeRoom(in: &shelves, limits, time) }
            return shelves[shelf, default: AnswerShelf()].claim(key, input, at: time, limits)
        }
    }

    /// - Parameter answer: nil: it failed.
    private func settle(_ key: String, _ answer: JSON?, on shelf: Shelf) {
        shelves.withLock { shelves in
            shelves[shelf]?.settle(key, answer, at: now(), limits)
            if shelves[shelf]?.isEmpty == true { shelves[shelf] = nil }
        }
        changes.wake()
    }

    private static func makeRoom(
        in shelves: inout [Shelf: AnswerShelf], _ limits: Limits, _ time: ContinuousClock.Instant
    ) {
        guard shelves.count >= limits.shelves else { return }
        for shelf in shelves.keys { shelves[shelf]?.expire(at: time, limits) }
        shelves = shelves.filter { !$0.value.isEmpty }
        guard shelves.count >= limits.shelves else { return }
        let idle = shelves.filter { !$0.value.isUnderWay }.min { $0.value.askedAt < $1.value.askedAt }
        if let idle { shelves[idle.key] = nil }
    }

    /// By bytes, since two spellings of one letter are two names of files. Not to be found again by anybody outside of this process.
    private static func fingerprint(_ input: JSON) -> Int {
        var hasher = Hasher()
        input.canonicalBytes().withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}

/// What one caller was answered by one operation.
private struct AnswerShelf {
    enum Claim {
        /// Whoever claimed it does it, and settles.
        case free
        case underWay
        case answered(JSON)
        /// With another input.
        case taken
    }

    private struct Entry {
        let input: Int
        /// nil: under way.
        var answer: JSON?
        var bytes = 0
        var at: ContinuousClock.Instant
    }

    private var entries: [String: Entry] = [:]
    /// Those that are answered, the oldest first.
    private var answered: [String] = []
    private var bytes = 0
    private(set) var askedAt = ContinuousClock.now

    var isEmpty: Bool { entries.isEmpty }
    var isUnderWay: Bool { entries.count > answered.count }

    mutating func claim(
        _ key: String, _ input: Int, at time: ContinuousClock.Instant, _ limits: KeptAnswers.Limits
    ) -> Claim {
        expire(at: time, limits)
        askedAt = time
        guard let entry = entries[key] else {
            entries[key] = Entry(input: input, at: time)
            return .free
        }
        guard entry.input == input else { return .taken }
        return entry.answer.map { .answered($0) } ?? .underWay
    }

    mutating func settle(
        _ key: String, _ answer: JSON?, at time: ContinuousClock.Instant, _ limits: KeptAnswers.Limits
    ) {
        guard let answer else {
            entries[key] = nil
            return
        }
        let count = answer.canonicalBytes().count
        entries[key]?.answer = answer
        entries[key]?.bytes = count
        entries[key]?.at = time
        answered.append(key)
        bytes += count
        while answered.count > 1, answered.count > limits.answers || bytes > limits.bytes { forgetOldest() }
    }

    mutating func expire(at time: ContinuousClock.Instant, _ limits: KeptAnswers.Limits) {
        while let oldest = answered.first, let entry = entries[oldest], time - entry.at >= limits.lifetime {
            forgetOldest()
        }
    }

    private mutating func forgetOldest() {
        guard let entry = entries.removeValue(forKey: answered.removeFirst()) else { return }
        bytes -= entry.bytes
    }
}

extension CallFault {
    fileprivate static let keyTaken = CallFault(
        .invalidInput, "this idempotency key came with another input before: draw another key for another call")
}
