import KinEncoding

/// What one of two people shows and the other enters: where to meet, and the secret of the meeting. A secret.
public struct PairingCode: Hashable, Sendable {
    public static let tokenBytes = 16
    /// Longer than any code that is made.
    public static let maxText = 512
    private static let maxURL = 256

    /// `https://HOST[:PORT]`, or `http` on the loopback.
    public let server: String
    /// 16 random bytes.
    public let token: [UInt8]

    /// - Throws: where `server` is no such address: nothing else is dialled.
    public init(server: String, token: [UInt8]) throws(WireError) {
        guard token.count == Self.tokenBytes else { throw .invalid("a pairing token has \(Self.tokenBytes) bytes") }
        guard server.utf8.count <= Self.maxURL, SafeOrigin.accepts(server) else {
            throw .invalid("a pairing code names a server as https://HOST[:PORT], or http:// on this machine")
        }
        self.server = server
        self.token = token
    }

    /// Reads a code; white space around and within it is passed over, as mail and chat put it there.
    public init(text: String) throws(WireError) {
        guard text.utf8.count <= Self.maxText else { throw .invalid("a pairing code is shorter") }
        let bytes = try CarriedText.decode(text, prefix: "", maxBytes: Self.maxText)
        var fields = try Fields(parseCanonical(bytes), in: "pairing code")
        let server = try fields.string("s", maxBytes: Self.maxURL)
        let token = try fields.hex("t", bytes: Self.tokenBytes)
        try fields.end()
        try self.init(server: server, token: token)
    }

    public var text: String {
        Base64URL.encode(JSON.object(["s": .string(server), "t": .hex(token)]).canonicalBytes())
    }
}

extension PairingCode: CustomStringConvertible, CustomReflectable {
    /// Never the token.
    public var description: String { "[pairing code]" }

    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// Addresses that may be dialled on somebody's word: encrypted, or on this machine.
enum SafeOrigin {
    /// Whether `text` is `https://HOST[:PORT]`, or `http` with `localhost`, 127.0.0.0/8 or `[::1]`: all lower-case, without path.
    static func accepts(_ text: String) -> Bool {
        if let authority = text.without(prefix: "https://") { return host(of: authority) != nil }
        guard let authority = text.without(prefix: "http://"), let host = host(of: authority) else { return false }
        return host == "localhost" || host == "[::1]" || isLoopback(host)
    }

    private static func isLoopback(_ host: Substring) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "127" else { return false }
        return parts.allSatisfy { part in
            part.utf8.allSatisfy(isDigit) && UInt8(part).map { String($0) == part } ?? false
        }
    }

    /// The host, where the rest is a port or nothing.
    private static func host(of authority: Substring) -> Substring? {
        let isBracketed = authority.hasPrefix("[")
        let end =
            isBracketed
            ? authority.firstIndex(of: "]").map(authority.index(after:)) ?? authority.endIndex
            : authority.firstIndex(of: ":") ?? authority.endIndex
        let (host, rest) = (authority[..<end], authority[end...])
        guard rest.isEmpty || isPort(rest) else { return nil }
        return (isBracketed ? isAddress(host) : isName(host)) ? host : nil
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard let digits = text.without(prefix: ":"), digits.utf8.allSatisfy(isDigit), let port = UInt16(digits) else {
            return false
        }
        return port > 0 && String(port) == digits
    }

    private static func isName(_ text: Substring) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { isLowercaseOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    /// Digits of an IPv6 address in brackets; whether they make one, who dials it finds out.
    private static func isAddress(_ text: Substring) -> Bool {
        let inner = text.dropFirst().dropLast()
        return text.hasSuffix("]") && (2...45).contains(inner.utf8.count)
            && inner.utf8.allSatisfy {
                isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) || $0 == UInt8(ascii: ":")
                    || $0 == UInt8(ascii: ".")
            }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

extension StringProtocol {
    fileprivate func without(prefix: String) -> SubSequence? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
