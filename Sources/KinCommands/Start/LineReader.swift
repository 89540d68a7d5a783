import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Lines of a pipe, as far as they have come.
struct LineReader {
    /// Bytes of a line; what is longer is broken up.
    private static let limit = 1 << 20

    let file: Int32
    private(set) var hasEnded = false
    private var rest: [UInt8] = []

    init(_ file: Int32) {
        self.file = file
        _ = fcntl(file, F_SETFL, O_NONBLOCK)
    }

    static func wait(for readers: [LineReader], milliseconds: Int32) {
        var waiting = readers.map { pollfd(fd: $0.file, events: Int16(POLLIN), revents: 0) }
        poll(&waiting, nfds_t(waiting.count), milliseconds)
    }

    /// The whole lines that are there.
    mutating func lines() -> [String] {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !hasEnded, rest.count < Self.limit {
            let count = read(file, &chunk, chunk.count)
            if count < 0 { break }
            if count == 0 { hasEnded = true }
            rest += chunk.prefix(count)
        }
        var parts = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let last = parts.popLast() ?? []
        rest = hasEnded || last.count >= Self.limit ? [] : Array(last)
        if rest.isEmpty && !last.isEmpty { parts.append(last) }
        return parts.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
    }
}
