import NIOCore

/// A `ws:` or `wss:` URL (RFC 6455 §3), checked: `wss` anywhere, `ws` on the loopback only.
public struct WebSocketURL: Sendable, Hashable, CustomStringConvertible {
    public let isSecure: Bool
    /// Lower case; an IPv6 address without its brackets.
    public let host: String
    public let port: Int
    /// Path and query, with the leading slash, exactly as given.
    public let target: String

    /// - Throws: `url_invalid`, or `insecure_url` for `ws` to a host that is not `localhost`, in 127.0.0.0/8 or ::1.
    public init(_ text: String) throws(WebSocketError) {
        guard text.utf8.count <= 8192, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalidURL("it holds spaces, control characters or letters outside ASCII, or is over 8,192 bytes")
        }
        guard let separator = text.firstIndex(of: ":"), text[separator...].hasPrefix("://") else {
            throw .invalidURL("it does not begin with ws:// or wss://")
        }
        switch text[..<separator].lowercased() {
        case "ws": isSecure = false
        case "wss": isSecure = true
        default: throw .invalidURL("its scheme is not ws or wss")
        }
        let rest = text[separator...].dropFirst(3)
        guard !rest.contains("#") else { throw .invalidURL("it has a fragment (#)") }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        (host, port) = try Self.splitAuthority(rest[..<end], defaultPort: isSecure ? 443 : 80)
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
        guard isSecure || isLoopback else {
            let advice = "ws:// is allowed only to this machine; use wss://\(host)"
            throw WebSocketError(code: "insecure_url", message: "refused to send unencrypted to \(host): \(advice)")
        }
    }

    /// Whether the host is written as one of this machine's own loopback names; nothing is looked up.
    public var isLoopback: Bool {
        if host == "localhost" { return true }
        return (try? SocketAddress(ipAddress: host, port: port))?.isLoopback ?? false
    }

    /// Host and port as in a `Host` header: the port only where it is not the scheme's own.
    public var authority: String {
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? bracketed : "\(bracketed):\(port)"
    }

    /// Scheme and authority, for errors and logs.
    public var origin: String { (isSecure ? "wss://" : "ws://") + authority }

    public var description: String { origin + target }

    private static func splitAuthority(
        _ text: Substring,
        defaultPort: Int
    ) throws(WebSocketError) -> (host: String, port: Int) {
        guard !text.contains("@") else { throw .invalidURL("it holds a user name or password") }
        let hostEnd = text.hasPrefix("[") ? text.firstIndex(of: "]").map(text.index(after:)) : text.firstIndex(of: ":")
        let host = text[..<(hostEnd ?? text.endIndex)]
        let portText = text[(hostEnd ?? text.endIndex)...]
        guard portText.isEmpty || portText.hasPrefix(":") else { throw .invalidURL("its host is not one") }
        return (try checkHost(host), try checkPort(portText.dropFirst(), defaultPort: defaultPort))
    }

    private static func checkPort(_ text: Substring, defaultPort: Int) throws(WebSocketError) -> Int {
        if text.isEmpty { return defaultPort }
        guard text.allSatisfy(\.isWholeNumber), let port = Int(text), (1...65535).contains(port) else {
            throw .invalidURL("its port is not a number from 1 to 65535")
        }
        return port
    }

    private static func checkHost(_ text: Substring) throws(WebSocketError) -> String {
        if text.hasPrefix("[") {
            let address = text.dropFirst().dropLast().lowercased()
            guard text.hasSuffix("]"), (try? SocketAddress(ipAddress: address, port: 0))?.protocol == .inet6 else {
                throw .invalidURL("the host in brackets is not an IPv6 address")
            }
            return address
        }
        let isName = text.allSatisfy { $0.isLetter || $0.isNumber || "-._".contains($0) }
        guard isName, !text.isEmpty, text.utf8.count <= 253 else {
            throw .invalidURL("its host is not a name or address")
        }
        return text.lowercased()
    }
}

extension WebSocketError {
    fileprivate static func invalidURL(_ fault: String) -> WebSocketError {
        WebSocketError(code: "url_invalid", message: "the WebSocket URL cannot be used: \(fault)")
    }
}

extension SocketAddress {
    /// Whether the address is in 127.0.0.0/8 or is ::1.
    package var isLoopback: Bool {
        switch self {
        case .v4: ipAddress?.hasPrefix("127.") ?? false
        case .v6: ipAddress == "::1"
        case .unixDomainSocket: false
        }
    }
}
