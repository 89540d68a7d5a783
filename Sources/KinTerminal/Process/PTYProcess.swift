import CPTY
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A program that runs on a pseudoterminal of its own, and the descriptors by which it is held. Whoever has it closes them, once.
struct PTYProcess: Sendable {
    let process: pid_t
    /// Does not block.
    let master: Int32
    /// Held open, so that the terminal lasts while its programs open and close it as they like, and nothing they wrote is lost.
    let slave: Int32
    /// Can be read from once the process has ended.
    let end: Int32
    /// Wakes whoever waits for the others.
    let wakeUp: (read: Int32, write: Int32)

    /// - Throws: `terminal_failed`; of a program that cannot be run too.
    init(_ start: ProgramStart, size: TerminalSize, isPlain: Bool) throws(KinError) {
        wakeUp = try Self.pipe()
        var opened = (master: Int32(-1), slave: Int32(-1))
        var path = [CChar](repeating: 0, count: 256)
        let fault = cpty_open(
            UInt16(size.columns), UInt16(size.rows), isPlain ? 1 : 0, &opened.master, &opened.slave, &path, path.count)
        guard fault == 0 else {
            Self.close([wakeUp.read, wakeUp.write])
            throw .terminalFailed("no terminal can be opened", Self.text(fault))
        }
        (master, slave) = opened
        do {
            process = try Self.spawn(start, path)
        } catch {
            Self.close([wakeUp.read, wakeUp.write, master, slave])
            throw error
        }
        end = cpty_watch(process)
        guard end >= 0 else {
            let reason = Self.text(errno)
            kill(process, SIGKILL)
            Self.reap(process)
            Self.close([wakeUp.read, wakeUp.write, master, slave])
            throw .terminalFailed("the program's end cannot be watched", reason)
        }
    }

    func close() { Self.close([master, slave, end, wakeUp.read, wakeUp.write]) }

    func wake() {
        var byte: UInt8 = 1
        // A pipe that is full wakes as well.
        _ = write(wakeUp.write, &byte, 1)
    }

    /// Waits for the process's end, of which nobody else is told.
    /// - Returns: nil where somebody else was told already.
    @discardableResult
    static func reap(_ process: pid_t) -> TerminalExit? {
        var status: Int32 = 0
        while true {
            if waitpid(process, &status, 0) == process { return TerminalExit(waited: status) }
            guard errno == EINTR else { return nil }
        }
    }

    private static func spawn(_ start: ProgramStart, _ path: [CChar]) throws(KinError) -> pid_t {
        let words = start.arguments.map { strdup($0) } + [nil]
        let variables = start.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let fault = cpty_spawn(start.program, words, variables, start.folder, path, &process)
        guard fault == 0 else { throw .terminalFailed("\(start.program) cannot be run", text(fault)) }
        return process
    }

    private static func pipe() throws(KinError) -> (read: Int32, write: Int32) {
        var ends = (read: Int32(-1), write: Int32(-1))
        let fault = cpty_pipe(&ends.read, &ends.write)
        guard fault == 0 else { throw .terminalFailed("no terminal can be opened", text(fault)) }
        return ends
    }

    private static func close(_ files: [Int32]) {
        for file in files {
            #if canImport(Glibc)
                _ = Glibc.close(file)
            #else
                _ = Darwin.close(file)
            #endif
        }
    }

    static func text(_ fault: Int32) -> String { String(cString: strerror(fault)) }
}
