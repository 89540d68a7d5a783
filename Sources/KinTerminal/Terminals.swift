public import KinEncoding
public import KinWire
import Synchronization

/// The terminals of a daemon: programs, each on a pseudoterminal of its own, that run on whoever is attached.
///
/// A terminal's program runs as this process's user, in a session of its own, with the environment of a login (`LoginAccount`). It lives until it ends by
/// itself or is closed; one that has ended is listed for a while, so that who comes back sees how. Programs it left running are left alone until the terminal
/// is closed or the daemon ends: what is to outlive those has to leave the session (`setsid`, a service).
public final class Terminals: Sendable {
    private struct State {
        var sessions: [ULID: TerminalSession] = [:]
        var isStopping = false
    }

    private let limits: TerminalLimits
    private let account: LoginAccount
    /// Of the daemon's environment; what a program gets of it, `LoginAccount` says.
    private let environment: [String: String]
    private let now: @Sendable () -> Int64
    private let newID: @Sendable () -> ULID
    private let state = Mutex(State())

    /// - Parameters:
    ///   - environment: this process's.
    ///   - now: milliseconds since 1970.
    ///   - newID: another at each call.
    public init(
        limits: TerminalLimits = TerminalLimits(), account: LoginAccount, environment: [String: String],
        now: @escaping @Sendable () -> Int64, newID: @escaping @Sendable () -> ULID
    ) {
        self.limits = limits
        self.account = account
        self.environment = environment
        self.now = now
        self.newID = newID
    }

    /// Starts a program on a new terminal. It runs at once, also where nobody attaches.
    /// - Throws: `terminal_request_invalid`, `command_not_found`, `folder_not_found`, `terminal_limit`, `terminal_failed`, `terminals_stopping`.
    public func open(_ request: TerminalRequest) throws(KinError) -> TerminalInfo {
        let start = try ProgramStart(request, account: account, inherited: environment)
        let opened: Result<TerminalSession, KinError> = state.withLock { state in
            do throws(KinError) {
                guard !state.isStopping else { throw .terminalsStopping }
                forgetEnded(&state)
                guard state.sessions.values.count(where: { $0.endedAt == nil }) < limits.sessions else {
                    throw .terminalLimit(limits.sessions)
                }
                let session = try TerminalSession(id: newID(), request: request, start: start, limits: limits, now: now)
                state.sessions[session.id] = session
                return .success(session)
            } catch {
                return .failure(error)
            }
        }
        let session = try opened.get()
        session.begin()
        return session.info
    }

    /// The oldest first; those that ended lately among them.
    public func list() -> [TerminalInfo] {
        let sessions = state.withLock { state in
            forgetEnded(&state)
            return Array(state.sessions.values)
        }
        return sessions.map(\.info).sorted { ($0.opened, $0.id) < ($1.opened, $1.id) }
    }

    /// - Throws: `unknown_terminal`.
    public func info(of id: ULID) throws(KinError) -> TerminalInfo { try session(id).info }

    /// Attaches to a terminal. Any number may be: the slowest sets the pace, and the size is the one that was last set.
    /// - Parameter size: of the screen that it is shown on, if it is to be the terminal's.
    /// - Throws: `unknown_terminal`.
    public func attach(
        to id: ULID, from start: TerminalStart, size: TerminalSize? = nil
    ) throws(KinError) -> TerminalOutput {
        let session = try session(id)
        return TerminalOutput(session, number: session.attach(from: start, size: size))
    }

    /// Types. Returns once the bytes are on their way to the program, in the order of the calls; waits while it has not read what came before.
    /// - Throws: `unknown_terminal`, `terminal_ended`, `terminal_busy`, `terminal_input_too_large`.
    public func write(_ bytes: [UInt8], to id: ULID) async throws { try await session(id).write(bytes) }

    /// - Throws: `unknown_terminal`, `terminal_ended`, `terminal_failed`.
    public func resize(_ id: ULID, to size: TerminalSize) throws(KinError) { try session(id).resize(to: size) }

    /// Ends a terminal's program and whatever descends from it, and forgets the terminal: SIGHUP, and SIGKILL for what is still there after
    /// the limits' `grace`. Of one that has ended: what it left running.
    /// - Returns: how its program ended.
    /// - Throws: `unknown_terminal`.
    @discardableResult
    public func close(_ id: ULID) async throws(KinError) -> TerminalExit {
        let session = try session(id)
        let exit = await session.close()
        state.withLock { state in _ = state.sessions.removeValue(forKey: id) }
        return exit
    }

    /// Closes all, at the same time, and opens none from now on. Takes the limits' `grace` and two seconds more at most.
    public func closeAll() async {
        let sessions = state.withLock { state in
            state.isStopping = true
            defer { state.sessions = [:] }
            return Array(state.sessions.values)
        }
        await withTaskGroup { group in
            for session in sessions { group.addTask { _ = await session.close() } }
        }
    }

    private func session(_ id: ULID) throws(KinError) -> TerminalSession {
        guard let session = state.withLock({ $0.sessions[id] }) else { throw .unknownTerminal(id) }
        return session
    }

    /// Those that ended long ago, and the oldest of too many.
    private func forgetEnded(_ state: inout State) {
        let ended = state.sessions.values.compactMap { session in session.endedAt.map { (id: session.id, at: $0) } }
        let oldest = ended.sorted { $0.at < $1.at }.dropLast(limits.ended)
        let late = ended.filter { now() - $0.at > limits.endedLifetime }
        for session in late + oldest { state.sessions.removeValue(forKey: session.id) }
    }
}
