import Foundation

/// A byte there and back over a Unix socket between two threads: what any answer of a local API costs at least.
enum SocketEcho {
    static func run(for seconds: Double) throws -> Samples {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            throw BenchError("no socket pair")
        }
        let (near, far) = (ends[0], ends[1])
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while read(far, &byte, 1) == 1 { _ = write(far, &byte, 1) }
            close(far)
        }
        defer { close(near) }
        return try measure(for: seconds) {
            var byte: UInt8 = 1
            guard write(near, &byte, 1) == 1, read(near, &byte, 1) == 1 else { throw BenchError("the echo ended") }
        }
    }
}
