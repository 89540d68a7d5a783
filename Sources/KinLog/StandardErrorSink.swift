import Foundation

/// Standard error, written by a thread of its own: a reader that stalls or goes away costs lines, never the program.
public final class StandardErrorSink: LogSink, @unchecked Sendable {  // every access to what varies holds `condition`
    /// Bytes that may wait; what comes beyond is dropped and counted.
    static let maxWaiting = 1 << 20

    private let file: Int32
    private let condition = NSCondition()
    private var waiting: [UInt8] = []
    private var dropped = 0
    private var isWriting = false

    /// - Parameter file: where the lines go.
    public init(file: Int32 = STDERR_FILENO) {
        self.file = file
        Thread.detachNewThread { [self] in
            Thread.current.name = "log"
            while true { Self.write(next(), to: self.file) }
        }
    }

    public func write(line: [UInt8]) {
        condition.lock()
        defer { condition.unlock() }
        guard waiting.count + line.count <= Self.maxWaiting else {
            dropped += 1
            return
        }
        if dropped > 0 {
            waiting += Array("{\"event\":\"log_lines_dropped\",\"count\":\(dropped)}\n".utf8)
            dropped = 0
        }
        waiting += line
        condition.broadcast()
    }

    /// Waits until everything is written, but not longer than `seconds`.
    public func flush(within seconds: Double) {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Date(timeIntervalSinceNow: seconds)
        while !waiting.isEmpty || isWriting { if !condition.wait(until: deadline) { return } }
    }

    private func next() -> [UInt8] {
        condition.lock()
        defer { condition.unlock() }
        isWriting = false
        condition.broadcast()
        while waiting.isEmpty { condition.wait() }
        isWriting = true
        defer { waiting.removeAll(keepingCapacity: true) }
        return waiting
    }

    /// What cannot be written is lost: there is nowhere to say so.
    private static func write(_ bytes: [UInt8], to file: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
        }
    }
}
