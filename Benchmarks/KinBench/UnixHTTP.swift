import Foundation

/// The least HTTP client there is: one blocking, kept-alive connection to a Unix socket, so that the daemon is what is measured.
final class UnixHTTP: @unchecked Sendable {  // each connection is used by one thread alone
    private let socket: Int32
    private var pending: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 65_536)

    init(_ path: String) throws {
        socket = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix($0.count - 1))) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            close(socket)
            throw BenchError("nothing listens at \(path)")
        }
        var deadline = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &deadline, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(socket) }

    func get(_ path: String) throws -> (status: Int, body: String) {
        try write("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return try response()
    }

    func post(_ path: String, _ body: String) throws -> (status: Int, body: String) {
        try write("POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try response()
    }

    /// Begins a stream of server-sent events.
    func openEvents() throws {
        try write("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try readUntil("\r\n\r\n")
        try readUntil("ready")
    }

    /// Waits until `text` comes by.
    func readUntil(_ text: String) throws {
        let wanted = Array(text.utf8)
        while true {
            if let range = pending.firstRange(of: wanted) {
                pending.removeSubrange(..<range.upperBound)
                return
            }
            try read()
        }
    }

    private func response() throws -> (status: Int, body: String) {
        let head = try head()
        let length = Self.number(after: Self.contentLength, in: pending[..<head]) ?? 0
        while pending.count < head + length { try read() }
        let status = Self.number(after: [], in: pending[9..<head]) ?? 0
        let body = String(decoding: pending[head..<(head + length)], as: UTF8.self)
        pending.removeFirst(head + length)
        return (status, body)
    }

    /// Where the head ends.
    private func head() throws -> Int {
        while true {
            if let end = pending.firstRange(of: Self.headEnd) { return end.upperBound }
            try read()
        }
    }

    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let contentLength = Array("Content-Length: ".utf8)

    private static func number(after name: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard let start = name.isEmpty ? bytes.startIndex : bytes.firstRange(of: name)?.upperBound else { return nil }
        return Int(String(decoding: bytes[start...].prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
    }

    private func read() throws {
        let count = recv(socket, &chunk, chunk.count, 0)
        guard count != 0 else { throw BenchError("the daemon closed the connection") }
        guard count > 0 else { throw BenchError("the daemon said nothing for 30 s (error \(errno))") }
        pending.append(contentsOf: chunk[..<count])
    }

    private func write(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Foundation.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw BenchError("the daemon closed the connection")
        }
    }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
