import Foundation

/// A sender's TCP connection to 127.0.0.1: blocks while it is opened, and is polled afterwards.
final class LoadConnection: @unchecked Sendable {  // each is used by one thread alone
    let descriptor: Int32
    /// What came and was not taken yet.
    var received: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 65_536)

    /// - Throws: `BenchError` where nothing listens on that port.
    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw BenchError("nothing listens on port \(port)") }
        var (on, patience) = (Int32(1), timeval(tv_sec: 30, tv_usec: 0))
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// One message at a time fits the socket's buffer.
    func write(_ bytes: [UInt8]) throws {
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw BenchError("the server closed the connection")
        }
    }

    func readMore() throws {
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw BenchError("the server closed the connection, or said nothing for 30 s") }
        received.append(contentsOf: chunk[..<count])
    }

    /// Forgets the first bytes of what came.
    func take(_ count: Int) {
        if count == received.count { received.removeAll(keepingCapacity: true) } else { received.removeFirst(count) }
    }

    /// Reads until `find` returns something, and takes as much as it says.
    func wait<T>(for find: ([UInt8]) throws -> (value: T, taken: Int)?) throws -> T {
        while true {
            if let (value, taken) = try find(received) {
                take(taken)
                return value
            }
            try readMore()
        }
    }

    /// Reads a line that ends with CR LF, without it.
    func line() throws -> String {
        try wait { bytes in
            guard let end = bytes.firstRange(of: [13, 10]) else { return nil }
            return (String(decoding: bytes[..<end.lowerBound], as: UTF8.self), end.upperBound)
        }
    }
}
