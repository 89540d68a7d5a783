import Foundation
import KinEncoding
import KinWire
import Synchronization

/// One terminal: a thread that waits for its program and for those who use it, and what they share.
final class TerminalSession: Sendable {
    /// For so long the program believes that the screen has another size: long enough for it to look, too short to see.
    private static let nudge = Duration.milliseconds(60)

    let id: ULID
    let name: String
    let command: [String]
    let opened: Int64
    let limits: TerminalLimits
    let now: @Sendable () -> Int64
    let child: PTYProcess
    let state: Mutex<SessionState>

    /// - Throws: what `PTYProcess` does.
    init(
        id: ULID, request: TerminalRequest, start: ProgramStart, limits: TerminalLimits,
        now: @escaping @Sendable () -> Int64
    ) throws(KinError) {
        self.id = id
        self.limits = limits
        self.now = now
        name = request.name
        command = start.arguments
        opened = now()
        child = try PTYProcess(start, size: request.size, isPlain: request.isPlain)
        state = Mutex(SessionState(limits: limits, size: request.size))
    }

    /// From here on the session is held by its thread until its program has ended.
    func begin() {
        Thread.detachNewThread { [self] in
            Thread.current.name = "terminal"
            run()
        }
    }

    var info: TerminalInfo {
        state.withLock { state in
            TerminalInfo(
                id: id, name: name, command: command, process: child.process, size: state.size, opened: opened,
                lastAttached: state.lastAttached, attached: state.attached, exit: state.exit)
        }
    }

    /// When its program ended; nil while it runs.
    var endedAt: Int64? { state.withLock { $0.endedAt } }

    // MARK: Using it

    /// - Throws: `terminal_ended`, `terminal_failed`.
    func resize(to size: TerminalSize) throws(KinError) {
        let fault: Int32? = state.withLock { state in
            guard state.isOpen else { return nil }
            state.size = size
            state.nudge = nil
            return size.set(child.master)
        }
        guard let fault else { throw .terminalEnded }
        guard fault == 0 else { throw .terminalFailed("the size cannot be set", PTYProcess.text(fault)) }
    }

    /// Returns once the bytes are on their way to the program, in the order of the calls; waits while it has not read what came before.
    /// - Throws: `terminal_ended`, `terminal_busy`, `terminal_input_too_large`; `CancellationError`, and then nothing was written.
    func write(_ bytes: [UInt8]) async throws {
        guard bytes.count <= limits.inputBytes else { throw KinError.inputTooLarge(limits.inputBytes) }
        let number = state.withLock { $0.newNumber() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in take(bytes, number, waiter) }
        } onCancel: {
            state.withLock { $0.input.giveUp(number) }?.resume(throwing: CancellationError())
        }
    }

    private func take(_ bytes: [UInt8], _ number: Int, _ waiter: SessionInput.Waiter) {
        let answer: Result<Void, any Error>? = state.withLock { state in
            guard state.isOpen else { return .failure(KinError.terminalEnded) }
            // A cancellation that came first found nobody waiting.
            guard !Task.isCancelled else { return .failure(CancellationError()) }
            if state.input.hasRoom(for: bytes.count) {
                state.input.add(bytes)
                child.wake()
                return .success(())
            }
            guard state.input.canWait else { return .failure(KinError.terminalBusy) }
            state.input.wait(number, bytes, waiter)
            return nil
        }
        if let answer { waiter.resume(with: answer) }
    }

    // MARK: Reading it

    /// - Parameter size: what the one who attaches has, if it is known.
    func attach(from start: TerminalStart, size: TerminalSize?) -> Int {
        state.withLock { state in
            let number = state.newNumber()
            state.readers[number] = reader(start, state)
            guard start != .end else { return number }
            state.lastAttached = now()
            if state.isOpen { draw(anew: start == .screen, size, &state) }
            return number
        }
    }

    private func reader(_ start: TerminalStart, _ state: SessionState) -> SessionReader {
        switch start {
        case .end: return SessionReader(position: nil)
        case .position(let position): return SessionReader(position: min(max(position, 0), state.record.ring.end))
        case .screen:
            // What a program asked its terminal at the start has had no answer yet.
            if state.lastAttached == nil && state.record.ring.start == 0 { return SessionReader(position: 0) }
            let (bytes, position) = state.record.screen()
            return SessionReader(position: position, first: [.screen(position: position, bytes)])
        }
    }

    /// A program that has the screen for itself draws it again when its size changes, and only then.
    private func draw(anew: Bool, _ size: TerminalSize?, _ state: inout SessionState) {
        var shown = state.size
        if let size, size != state.size {
            (state.size, state.nudge) = (size, nil)
            shown = size
        } else if anew && state.record.modes.isAlternate {
            shown = state.size.neighbour
            state.nudge = ContinuousClock.now + Self.nudge
            child.wake()
        }
        _ = shown.set(child.master)
    }

    func next(_ number: Int) async -> TerminalEvent? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in wait(number, waiter) }
        } onCancel: {
            detach(number)
        }
    }

    private func wait(_ number: Int, _ waiter: SessionReader.Waiter) {
        let answer: (waiters: [SessionReader.Waiter], event: TerminalEvent?) = state.withLock { state in
            guard var reader = state.readers[number], !Task.isCancelled else { return ([waiter], nil) }
            let wasHeld = state.isOpen && !state.interest(window: limits.window).reads
            defer { state.readers[number] = reader }
            if let event = reader.next(state.record, exit: state.exit) {
                // Its thread sees by itself whether there is room now.
                if wasHeld { child.wake() }
                return ([waiter], event)
            }
            if reader.wasToldEnd { return ([waiter], nil) }
            // A second one who waits by the same reader takes the first's place.
            let former = reader.waiter.map { [$0] } ?? []
            reader.waiter = waiter
            return (former, nil)
        }
        for waiter in answer.waiters { waiter.resume(returning: answer.event) }
    }

    func detach(_ number: Int) {
        let waiter: SessionReader.Waiter? = state.withLock { state in
            guard let reader = state.readers.removeValue(forKey: number) else { return nil }
            if reader.position != nil { state.lastAttached = now() }
            // The program may have waited for this reader.
            if state.isOpen { child.wake() }
            return reader.waiter
        }
        waiter?.resume(returning: nil)
    }
}
