import KinTerminal
import KinWire

/// The near end of `kin attach` at a terminal: what is typed goes to the terminal that is shown, what that one puts out comes here, and the rest run on.
///
/// The terminal here is raw meanwhile, and is put back whatever ends this: a key, the program's end, a lost way, a signal.
public actor AttachRun {
    /// Typed bytes that the other side has not taken. Beyond it keys are lost, and the bell rings; keys for `kin` itself never wait.
    private static let maxUnsent = 1 << 20
    private static let maxWrite = 16 << 10
    /// How long what was typed before the end is waited for.
    private static let lastWrites = Duration.seconds(1)
    /// How long the far side's word is waited for before this process stands still.
    private static let detachment = Duration.seconds(2)
    /// How long one that is out of reach is looked for.
    public static let patience = Duration.seconds(3600)

    private let terminals: [any AttachedTerminal]
    private let near: NearTerminal
    private let patience: Duration
    private let stopProcess: @Sendable () -> Void
    private var keys: AttachKeys
    private var board: AttachBoard
    private var follower = ScreenFollower()
    /// Lines that wait until no program has the screen for itself.
    private var notes: [String] = []
    private var unsent: [[UInt8]]
    private var senders: [Task<Void, Never>?]
    /// What listens to each: the one that is shown to all, the others to the end.
    private var listeners: [Task<Void, Never>?]
    /// Of those that are out of reach.
    private var absences: [Absence?]
    private var resizing: Task<Void, Never>?
    /// Grows with each look at another screen, so that what comes late of the former is not shown.
    private var look = 0
    private var shownBefore = 0
    /// Whether what is shown has not come yet: what stands on the screen till then goes with it.
    private var awaitsScreen = false
    /// Whether what stands on the screen is another's.
    private var showsAnother = false
    /// Whether it stopped by itself, and so knows that it goes on.
    private var stopped = false
    private var end: AttachEnd?
    private var waiter: CheckedContinuation<AttachEnd, Never>?

    public init(
        _ terminals: [any AttachedTerminal], near: NearTerminal, escape: EscapeKey?,
        patience: Duration = AttachRun.patience
    ) {
        self.init(
            terminals, near: near, escape: escape, patience: patience, stopProcess: NearSignals.stopProcess)
    }

    init(
        _ terminals: [any AttachedTerminal], near: NearTerminal, escape: EscapeKey?, patience: Duration,
        stopProcess: @escaping @Sendable () -> Void
    ) {
        self.terminals = terminals
        self.near = near
        self.patience = patience
        self.stopProcess = stopProcess
        keys = AttachKeys(escape: escape)
        board = AttachBoard(terminals.map(\.name), escape: escape)
        unsent = terminals.map { _ in [] }
        senders = terminals.map { _ in nil }
        listeners = terminals.map { _ in nil }
        absences = terminals.map { _ in nil }
    }

    /// Until something ends it. The terminal here is as it was then, and what runs there runs on, unless it ended.
    /// - Parameter start: where the first that is shown begins.
    /// - Throws: `terminal_not_raw`, `input_failed`.
    public func run(from start: TerminalStart = .screen) async throws -> AttachEnd {
        let signals = NearSignals()
        return try await run(from: start, signals: signals.stream)
    }

    func run(from start: TerminalStart, signals: AsyncStream<NearSignal>) async throws -> AttachEnd {
        guard !terminals.isEmpty else { return .detached }
        let input = try NearInput(near.input)
        try near.makeRaw()
        defer { near.restore() }
        let readers = [
            Task {
                while let bytes = await input.next() { await typed(bytes) }
                // The terminal has gone.
                finish(.detached)
            },
            Task { for await signal in signals { await heard(signal) } },
        ]
        for index in terminals.indices where index != 0 { listen(index) }
        show(0, from: start)
        let end: AttachEnd = await withCheckedContinuation { waiter in
            if let ended = self.end { waiter.resume(returning: ended) } else { self.waiter = waiter }
        }
        input.end()
        for task in readers { task.cancel() }
        await leave(readers)
        return end
    }

    private func leave(_ readers: [Task<Void, Never>]) async {
        look += 1
        for task in listeners { task?.cancel() }
        resizing?.cancel()
        await sendRest()
        leaveScreen()
        near.restore()
        // Nothing of the keyboard is read once this has returned.
        await readers.first?.value
    }

    /// A command typed just before the key that detaches is meant to run.
    private func sendRest() async {
        let senders = senders.compactMap { $0 }
        guard !senders.isEmpty else { return }
        let limit = Task {
            try await Task.sleep(for: Self.lastWrites)
            for sender in senders { sender.cancel() }
        }
        for sender in senders { await sender.value }
        limit.cancel()
    }

    private func finish(_ end: AttachEnd) {
        guard self.end == nil else { return }
        self.end = end
        waiter?.resume(returning: end)
        waiter = nil
    }

    /// What was noted and is not on the screen: for after it.
    public var unshownNotes: [String] { notes }

    // MARK: Keys and signals

    private func typed(_ bytes: [UInt8]) async {
        for output in keys.take(bytes) where end == nil {
            for action in board.take(output) { await perform(action) }
        }
    }

    private func heard(_ signal: NearSignal) async {
        switch signal {
        case .resized: resize()
        case .suspend: await perform(.suspend)
        case .continued:
            if stopped { return stopped = false }
            // It was stopped by force, and the shell had the terminal meanwhile.
            near.restore()
            try? near.makeRaw()
            await showAgain()
        case .end(let number): finish(.signalled(number))
        }
    }

    /// Nobody waits for it: the way there may stand still.
    private func resize() {
        guard let size = near.size else { return }
        let former = resizing
        former?.cancel()
        // Whoever is shown next gets the size then.
        resizing = Task { [terminal = terminals[board.shown]] in
            await former?.value
            if !Task.isCancelled { try? await terminal.resize(to: size) }
        }
    }

    private func perform(_ action: AttachBoard.Action) async {
        switch action {
        case .send(let bytes): send(bytes)
        case .show(let index): show(index)
        case .tellAway(let text): tellAway(text)
        case .note(let text): note(text)
        case .bell: near.write([0x07])
        case .help(let lines): help(lines)
        case .suspend: await suspend()
        case .close(let index): close(index)
        case .finish(let end): finish(end)
        }
    }

    private func close(_ index: Int) {
        Task { [terminal = terminals[index]] in
            do { try await terminal.close() } catch { note(KinError(reporting: error).message) }
        }
    }

    private func suspend() async {
        look += 1
        let listener = listeners[board.shown]
        listener?.cancel()
        // So that its program does not wait for a process that stands still.
        await listener?.value
        await detach(board.shown)
        leaveScreen()
        near.restore()
        stopped = true
        stopProcess()
        guard end == nil else { return }
        do { try near.makeRaw() } catch { return finish(.detached) }
        await showAgain()
    }

    /// Waits until it is known there, and not for long: it may be out of reach, or others be attached.
    private func detach(_ index: Int) async {
        guard absences[index] == nil, board.places[index].end == nil else { return }
        await withTaskGroup { [terminal = terminals[index]] group in
            group.addTask { try? await terminal.detach() }
            group.addTask { try? await Task.sleep(for: Self.detachment) }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: What is typed

    private func send(_ bytes: [UInt8]) {
        let index = board.shown
        guard unsent[index].count + bytes.count <= Self.maxUnsent else {
            near.write([0x07])
            return
        }
        unsent[index] += bytes
        guard senders[index] == nil else { return }
        senders[index] = Task { await sendAll(index) }
    }

    private func sendAll(_ index: Int) async {
        while !unsent[index].isEmpty, !Task.isCancelled {
            let piece = Array(unsent[index].prefix(Self.maxWrite))
            unsent[index].removeFirst(piece.count)
            do {
                try await terminals[index].write(piece)
            } catch let error as KinError where error.code == "terminal_ended" {
                // Its end comes by the other way.
                unsent[index] = []
            } catch {
                unsent[index] = []
                if !Task.isCancelled { await failedToSend(to: index, KinError(reporting: error)) }
            }
        }
        senders[index] = nil
    }

    private func failedToSend(to index: Int, _ error: KinError) async {
        guard error.mayPass else { return await ended(index, .lost(error)) }
        // Where it is out of reach its listener hears so, and looks for it.
        near.write([0x07])
    }

    // MARK: What is shown

    private func showAgain() async {
        for action in board.showAgain() { await perform(action) }
    }

    private func show(_ index: Int, from start: TerminalStart = .screen) {
        look += 1
        awaitsScreen = true
        if shownBefore != index { showsAnother = true }
        for (other, listener) in listeners.enumerated() where other == index || shownBefore == other {
            listener?.cancel()
            if other != index, board.places[other].end == nil { listen(other) }
        }
        shownBefore = index
        listeners[index] = Task { [look] in await follow(index, from: start, look) }
    }

    /// To the end alone, of one that is not shown.
    private func listen(_ index: Int) {
        listeners[index] = Task { await follow(index, from: .end, nil) }
    }

    /// Attached until the end, and again whenever it was out of reach.
    /// - Parameter look: of one that is shown.
    private func follow(_ index: Int, from first: TerminalStart, _ look: Int?) async {
        var start = first
        while !Task.isCancelled {
            do {
                return try await attach(index, from: start, look)
            } catch {
                guard !Task.isCancelled, isCurrent(look) else { return }
                let lost = await waitUntilBack(index, KinError(reporting: error))
                guard !Task.isCancelled, isCurrent(look) else { return }
                if let lost { return await ended(index, .lost(lost)) }
                if start != .end { start = .screen }
            }
        }
    }

    /// Until the end, or until another is shown.
    private func attach(_ index: Int, from start: TerminalStart, _ look: Int?) async throws {
        let events = try await terminals[index].events(from: start, size: look == nil ? nil : near.size)
        while let event = try await events.next() {
            guard await received(event, from: index, look) else { return }
        }
        throw KinError("unavailable", "the terminal's output ended without a reason", category: .unreachable)
    }

    private func isCurrent(_ look: Int?) -> Bool { end == nil && (look == nil || look == self.look) }

    /// Looks for one that was lost, as long as it may come back.
    /// - Returns: why it will not; nil once it is there.
    private func waitUntilBack(_ index: Int, _ error: KinError) async -> KinError? {
        var last = error
        if last.mayPass, absences[index] == nil { absences[index] = Absence(patience: patience) }
        if last.mayPass { for action in board.went(index) { await perform(action) } }
        while last.mayPass, let pause = absences[index]?.pause() {
            do {
                try await Task.sleep(for: pause)
                try await terminals[index].check()
                board.cameBack(index)
                // Where it is shown it counts as back once it shows something: until then its patience is not renewed.
                if index != board.shown { absences[index] = nil }
                return nil
            } catch {
                guard !Task.isCancelled else { return last }
                last = KinError(reporting: error)
            }
        }
        return last
    }

    /// - Returns: whether more is wanted.
    private func received(_ event: TerminalEvent, from index: Int, _ look: Int?) async -> Bool {
        guard isCurrent(look) else { return false }
        absences[index] = nil
        board.cameBack(index)
        // One that is not shown tells of its end alone.
        if look == nil, !event.isLast { return true }
        switch event {
        case .screen(_, let bytes):
            leaveScreen()
            display(bytes)
        case .output(_, let bytes):
            // Of one that nobody was attached to before.
            if showsAnother {
                leaveScreen()
                near.write(Self.clearing)
            }
            display(bytes)
        case .gap:
            // What is missing may have set anything.
            show(index)
            return false
        case .exited(let exit):
            await ended(index, .exited(exit))
            return false
        }
        return true
    }

    private static let clearing = Array("\u{1b}[H\u{1b}[2J".utf8)

    /// The screen is as it was before what is on it.
    private func leaveScreen() {
        near.write(follower.modes.bytesToLeave)
        follower = ScreenFollower()
    }

    private func display(_ bytes: [UInt8]) {
        guard near.write(bytes) else { return finish(.detached) }
        follower.follow(bytes)
        (awaitsScreen, showsAnother) = (false, false)
        showNotes()
    }

    private func ended(_ index: Int, _ end: AttachEnd) async {
        for action in board.ended(index, end) { await perform(action) }
    }

    // MARK: What kin says itself

    private func note(_ text: String) {
        notes.append(text.printable(keepingLines: false))
        showNotes()
    }

    /// Not into what a program draws, nor into the middle of a sequence.
    private func showNotes() {
        guard !notes.isEmpty, !awaitsScreen, !follower.modes.isAlternate, follower.isBetweenSequences else { return }
        for note in notes { near.write(Array("\r\n[kin: \(note)]\r\n".utf8)) }
        notes = []
    }

    /// Under what is there, whatever the program had in mind: all of it is drawn again when it is back.
    private func tellAway(_ text: String) {
        // What ended within a sequence would swallow it.
        if !follower.isBetweenSequences { near.write([0x18]) }
        leaveScreen()
        awaitsScreen = true
        if showsAnother { near.write(Self.clearing) }
        near.write(Array("\r\n[kin: \(text.printable(keepingLines: false))]\r\n".utf8))
    }

    private func help(_ lines: [String]) {
        let text = lines.map { $0.printable(keepingLines: false) + "\r\n" }.joined()
        let clear = follower.modes.isAlternate ? "\u{1b}[m\u{1b}[H\u{1b}[2J" : "\r\n"
        near.write(Array((clear + text).utf8))
    }
}

extension TerminalEvent {
    fileprivate var isLast: Bool {
        if case .exited = self { true } else { false }
    }
}
