import AsyncHTTPClient
import Foundation
import KinDaemonAPI
import KinWire
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where the demo's server listens.
struct DemoServer: Sendable {
    let port: Int

    var address: String { "http://127.0.0.1:\(port)" }

    /// On a port that is free now.
    init() throws { port = try Self.freePort() }

    /// Whether it can accept.
    func isHealthy() async -> Bool {
        let request = HTTPClientRequest(url: address + "/healthz")
        return (try? await HTTPClient.impatient.execute(request, timeout: .seconds(1)))?.status == .ok
    }

    private static func freePort() throws -> Int {
        let failure = KinError("demo_port", "no port is free on 127.0.0.1")
        #if canImport(Glibc)
            let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let handle = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard handle >= 0 else { throw failure }
        defer { close(handle) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(handle, pointer, length) == 0 && getsockname(handle, pointer, &length) == 0
            }
        }
        guard named else { throw failure }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
