#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Whom a rate is counted for.
enum NetworkAddress: Hashable, Sendable {
    /// This machine itself, by either protocol.
    case loopback
    /// 4 bytes; also of IPv4 peers that an IPv6 socket names `::ffff:a.b.c.d`.
    case ipv4([UInt8])
    /// The first 8 bytes: a /64 is what one customer is given.
    case ipv6Network([UInt8])
    /// Not an IP address.
    case other(String)

    /// - Parameter text: as a socket names its peer; a zone (`%eth0`) is left out.
    init(_ text: String) {
        let address = String(text.prefix(64).prefix { $0 != "%" })
        if let bytes = Self.parse(address, family: AF_INET, count: 4) {
            self = .of(ipv4: bytes)
        } else if let bytes = Self.parse(address, family: AF_INET6, count: 16) {
            self = .of(ipv6: bytes)
        } else {
            self = .other(address)
        }
    }

    private static func of(ipv4 bytes: [UInt8]) -> NetworkAddress { bytes[0] == 127 ? .loopback : .ipv4(bytes) }

    private static func of(ipv6 bytes: [UInt8]) -> NetworkAddress {
        let zeros = bytes.prefix { $0 == 0 }.count
        if zeros == 15 && bytes[15] == 1 { return .loopback }
        if zeros == 10 && bytes[10] == 0xff && bytes[11] == 0xff { return .of(ipv4: Array(bytes.suffix(4))) }
        return .ipv6Network(Array(bytes.prefix(8)))
    }

    private static func parse(_ text: String, family: Int32, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}
