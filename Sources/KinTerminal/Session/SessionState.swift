import KinWire

/// What a session's thread and its callers share.
struct SessionState {
    typealias EndWaiter = CheckedContinuation<TerminalExit, Never>

    /// What the thread does next.
    struct Interest {
        var reads: Bool
        var writes: Bool
        var isClosing: Bool
        var nudge: ContinuousClock.Instant?
    }

    /// An event for a reader who waited for it; resumed once the lock is free.
    typealias Delivery = (waiter: SessionReader.Waiter, event: TerminalEvent)

    var record: ScreenRecord
    var input: SessionInput
    var size: TerminalSize
    var readers: [Int: SessionReader] = [:]
    var lastAttached: Int64?
    /// When the size, made another for a moment, is put right.
    var nudge: ContinuousClock.Instant?
    /// Whether somebody asked for the end.
    var isClosing = false
    /// Whether the descriptors are open.
    var isOpen = true
    var exit: TerminalExit?
    var endedAt: Int64?
    /// What ran on after the program that it began with.
    var survivors: Set<ProcessTree.Member> = []
    var endWaiters: [EndWaiter] = []
    private var lastNumber = 0

    init(limits: TerminalLimits, size: TerminalSize) {
        record = ScreenRecord(capacity: limits.ringBytes)
        input = SessionInput(limit: limits.inputBytes)
        self.size = size
    }

    mutating func newNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// Those who read output, however slowly.
    var attached: Int { readers.values.count(where: { $0.position != nil }) }

    func interest(window: Int64) -> Interest {
        let slowest = readers.values.compactMap(\.position).min() ?? record.ring.end
        return Interest(
            reads: isClosing || record.ring.end - slowest < window, writes: !input.bytes.isEmpty, isClosing: isClosing,
            nudge: nudge)
    }

    mutating func received(_ bytes: UnsafeRawBufferPointer) -> [Delivery] {
        record.append(bytes)
        return deliveries()
    }

    mutating func ended(_ exit: TerminalExit, survivors: Set<ProcessTree.Member>, now: Int64) -> (
        [Delivery], [SessionInput.Waiter], [EndWaiter]
    ) {
        self.exit = exit
        self.survivors = survivors
        (endedAt, isOpen, nudge) = (now, false, nil)
        defer { endWaiters = [] }
        return (deliveries(), input.end(), endWaiters)
    }

    private mutating func deliveries() -> [Delivery] {
        var deliveries: [Delivery] = []
        for (number, reader) in readers where reader.waiter != nil {
            guard let event = readers[number]?.next(record, exit: exit), let waiter = reader.waiter else { continue }
            readers[number]?.waiter = nil
            deliveries.append((waiter, event))
        }
        return deliveries
    }
}
