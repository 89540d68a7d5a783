import NIOHTTP1

/// What a request head asks for, as far as RFC 6455 §4.2.1 can tell.
enum UpgradeRequest: Equatable {
    /// Asks for no WebSocket.
    case http
    /// A well-formed handshake.
    case webSocket
    /// Asks for a WebSocket in a way that cannot be granted.
    case malformed(HTTPResponseStatus, fault: String)

    init(_ head: HTTPRequestHead) {
        let headers = head.headers
        guard headers.listed("upgrade", holds: "websocket") else {
            self = .http
            return
        }
        if headers["sec-websocket-version"] != ["13"] {
            self = .malformed(.upgradeRequired, fault: "Sec-WebSocket-Version must be 13")
        } else if head.method != .GET || head.version != .http1_1 {
            self = .malformed(.badRequest, fault: "a WebSocket begins with GET over HTTP/1.1")
        } else if !headers.listed("connection", holds: "upgrade") {
            self = .malformed(.badRequest, fault: "Connection must hold upgrade")
        } else if !headers.hasWebSocketKey {
            self = .malformed(.badRequest, fault: "Sec-WebSocket-Key must be 16 bytes in base64")
        } else if headers.contains(name: "transfer-encoding")
            || headers["content-length"].contains(where: { $0 != "0" })
        {
            self = .malformed(.badRequest, fault: "a WebSocket handshake has no body")
        } else {
            self = .webSocket
        }
    }
}

extension HTTPHeaders {
    fileprivate func listed(_ name: String, holds token: String) -> Bool {
        self[canonicalForm: name].contains { $0.lowercased() == token }
    }

    /// The form of 16 bytes in base64; what they are is the client's business (RFC 6455 §4.2.1).
    fileprivate var hasWebSocketKey: Bool {
        let keys = self["sec-websocket-key"]
        guard keys.count == 1, let key = keys.first, key.utf8.count == 24, key.hasSuffix("==") else { return false }
        return key.utf8.dropLast(2).allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"): true
            default: false
            }
        }
    }
}
