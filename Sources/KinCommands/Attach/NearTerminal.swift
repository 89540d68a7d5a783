import Foundation
import KinTerminal
import KinWire
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The terminal, or the pipes, that a person or program has at the near end.
public final class NearTerminal: Sendable {
    public static let standard = NearTerminal(input: STDIN_FILENO, output: STDOUT_FILENO)

    let input: Int32
    let output: Int32
    /// How it was set before it was made raw; nil while it is not raw.
    private let usual = Mutex<termios?>(nil)

    init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
    }

    public var isTerminal: Bool { isatty(input) == 1 && isatty(output) == 1 }

    var size: TerminalSize? { TerminalSize(ofTerminal: output) }

    /// From here on every key comes as it is, at once, unseen; nothing done to what is written.
    /// - Throws: `terminal_not_raw`.
    func makeRaw() throws(KinError) {
        let fault: Int32 = usual.withLock { usual in
            guard usual == nil else { return 0 }
            var modes = termios()
            guard tcgetattr(input, &modes) == 0 else { return errno }
            usual = modes
            cfmakeraw(&modes)
            guard tcsetattr(input, TCSANOW, &modes) == 0 else {
                usual = nil
                return errno
            }
            return 0
        }
        guard fault == 0 else {
            throw KinError("terminal_not_raw", "the terminal cannot be set: \(String(cString: strerror(fault)))")
        }
    }

    /// As it was; harmless where it is so.
    func restore() {
        usual.withLock { usual in
            if var modes = usual { tcsetattr(input, TCSANOW, &modes) }
            usual = nil
        }
    }

    /// - Returns: whether all was written: not where the reader, or the terminal, has gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(output, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// What is typed, or piped in, piece by piece, each read when somebody asks for it.
final class NearInput: Sendable {
    private static let pieceBytes = 16 << 10

    private let file: Int32
    private let stop: (read: Int32, write: Int32)
    /// Holds the one read that may wait.
    private let queue = DispatchQueue(label: "kin.attach.input")

    /// - Throws: `input_failed`.
    init(_ file: Int32) throws(KinError) {
        self.file = file
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw KinError("input_failed", "no pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        stop = (ends[0], ends[1])
    }

    deinit {
        close(stop.read)
        close(stop.write)
    }

    /// nil at the end of input, and once it was stopped.
    func next() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            queue.async { [self] in continuation.resume(returning: read()) }
        }
    }

    /// Ends the read that waits, and every later one. What was not read stays for whoever reads next.
    func end() {
        var byte: UInt8 = 0
        _ = Foundation.write(stop.write, &byte, 1)
    }

    private func read() -> [UInt8]? {
        while true {
            var files = [
                pollfd(fd: file, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop.read, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&files, 2, -1) >= 0 else {
                if errno == EINTR { continue }
                return nil
            }
            if files[1].revents != 0 { return nil }
            var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
            let count = Foundation.read(file, &piece, piece.count)
            if count > 0 { return Array(piece.prefix(count)) }
            // Interrupted, or no longer there to be read: another process took it.
            guard count < 0, errno == EINTR || errno == EAGAIN else { return nil }
        }
    }
}
