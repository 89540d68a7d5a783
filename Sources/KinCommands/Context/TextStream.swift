import Foundation
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a command writes text.
public protocol TextStream: Sendable {
    /// Whether a person reads it as it comes.
    var isTerminal: Bool { get }

    /// - Throws: `BrokenPipe` when the reader has gone.
    func write(_ text: String) throws
}

/// The reader of standard output has gone: there is nothing left to do, and nothing wrong.
public struct BrokenPipe: Error {
    public init() {}
}

/// A standard stream of this process. Unbuffered: what was written is out, whatever happens next.
public struct FileStream: TextStream {
    public static let standardOutput = FileStream(handle: STDOUT_FILENO)
    public static let standardError = FileStream(handle: STDERR_FILENO)

    private let handle: Int32

    public var isTerminal: Bool { isatty(handle) == 1 }

    public func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.write(handle, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var waiting = pollfd(fd: handle, events: Int16(POLLOUT), revents: 0)
                    poll(&waiting, 1, -1)
                } else if errno != EINTR {
                    throw failure(errno)
                }
            }
        }
    }

    private func failure(_ code: Int32) -> any Error {
        code == EPIPE
            ? BrokenPipe()
            : KinError("output_failed", "the output cannot be written: \(String(cString: strerror(code)))")
    }
}
