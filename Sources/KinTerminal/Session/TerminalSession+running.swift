import Foundation
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension TerminalSession {
    private static let pieceBytes = 8 << 10
    /// How long the last output is waited for, once the program was killed.
    private static let lastLimit = Duration.milliseconds(500)

    /// Why the thread does something else than carry bytes.
    private enum Halt {
        case exited, closing, late, watched
    }

    /// The session's thread, from the program's start to its end.
    func run() {
        if pump() == .closing {
            TreeEnding(
                grace: limits.grace, members: { [child] in $0.members(ofSession: child.process) },
                wait: { [self] limit, watches in _ = pump(for: limit, watches) }
            ).run()
            // Killed, and yet not ended: the system holds it in a call that nothing interrupts.
            if !hasExited { _ = pump(for: Self.lastLimit, [child.end]) }
        }
        finish()
    }

    private var hasExited: Bool {
        var end = pollfd(fd: child.end, events: Int16(POLLIN), revents: 0)
        return poll(&end, 1, 0) == 1
    }

    /// Carries bytes both ways.
    /// - Parameters:
    ///   - limit: nil outside the closing: until the program ends, or somebody asks for its end.
    ///   - watches: returns once all of them can be read from.
    private func pump(for limit: Duration? = nil, _ watches: [Int32] = []) -> Halt {
        let deadline = limit.map { ContinuousClock.now + $0 }
        var watches = watches
        let waitsForAll = !watches.isEmpty
        while true {
            let interest = state.withLock { $0.interest(window: limits.window) }
            if deadline == nil && interest.isClosing { return .closing }
            if let deadline, ContinuousClock.now >= deadline { return .late }
            restoreSize(interest.nudge)
            var files = files(interest, watches, isClosing: deadline != nil)
            let timeout = Self.milliseconds(until: [deadline, interest.nudge].compactMap { $0 }.min())
            guard poll(&files, nfds_t(files.count), timeout) >= 0 else { continue }
            if files[1].revents != 0 { forgetWakeUps() }
            if files[0].revents & Int16(POLLOUT) != 0 { writeInput() }
            if files[0].revents & Int16(POLLIN) != 0 { readOutput() }
            if deadline == nil {
                if files[2].revents != 0 { return .exited }
            } else {
                watches = files.dropFirst(3).filter { $0.revents == 0 }.map(\.fd)
                if waitsForAll && watches.isEmpty { return .watched }
            }
        }
    }

    private func files(_ interest: SessionState.Interest, _ watches: [Int32], isClosing: Bool) -> [pollfd] {
        let events = (interest.reads ? POLLIN : 0) | (interest.writes ? POLLOUT : 0)
        // A negative one is passed over: an end that nobody waits for would wake for nothing.
        let own = [
            pollfd(fd: events == 0 ? -1 : child.master, events: Int16(events), revents: 0),
            pollfd(fd: child.wakeUp.read, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isClosing ? -1 : child.end, events: Int16(POLLIN), revents: 0),
        ]
        return own + watches.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    }

    private static func milliseconds(until time: ContinuousClock.Instant?) -> Int32 {
        guard let time else { return -1 }
        let rest = ContinuousClock.now.duration(to: time) / Duration.milliseconds(1)
        return Int32(min(max(rest.rounded(.up), 0), 60_000))
    }

    private func restoreSize(_ nudge: ContinuousClock.Instant?) {
        guard let nudge, ContinuousClock.now >= nudge else { return }
        state.withLock { state in
            guard state.nudge == nudge else { return }
            state.nudge = nil
            _ = state.size.set(child.master)
        }
    }

    private func forgetWakeUps() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(child.wakeUp.read, &bytes, bytes.count) == bytes.count {}
    }

    private func writeInput() {
        let waiters = state.withLock { state in
            let count = state.input.bytes.withUnsafeBytes { Foundation.write(child.master, $0.baseAddress, $0.count) }
            return count > 0 ? state.input.wrote(count) : []
        }
        for waiter in waiters { waiter.resume() }
    }

    /// All there is, up to a piece: one lock and one wake-up for many small writes of the program.
    @discardableResult
    private func readOutput() -> Int {
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { room, filled in
            while filled < room.count {
                let count = read(child.master, room.baseAddress.map { $0 + filled }, room.count - filled)
                if count > 0 { filled += count } else if count == 0 || errno != EINTR { return }
            }
        }
        guard !bytes.isEmpty else { return 0 }
        let deliveries = state.withLock { state in bytes.withUnsafeBytes { state.received($0) } }
        for delivery in deliveries { delivery.waiter.resume(returning: delivery.event) }
        return bytes.count
    }

    /// The program has ended. What others of its session still write from now on goes nowhere.
    private func finish() {
        var rest = limits.ringBytes / 4
        while rest > 0 {
            let count = readOutput()
            if count == 0 { break }
            rest -= count
        }
        let survivors = ProcessTree.running().members(ofSession: child.process).filter { $0.process != child.process }
        let exit = hasExited ? PTYProcess.reap(child.process) : nil
        let (deliveries, writers, waiters) = state.withLock { state in
            child.close()
            return state.ended(exit ?? .signal(SIGKILL), survivors: survivors, now: now())
        }
        for delivery in deliveries { delivery.waiter.resume(returning: delivery.event) }
        for waiter in writers { waiter.resume(throwing: KinError.terminalEnded) }
        for waiter in waiters { waiter.resume(returning: exit ?? .signal(SIGKILL)) }
        if exit == nil { PTYProcess.reap(child.process) }
    }
}
