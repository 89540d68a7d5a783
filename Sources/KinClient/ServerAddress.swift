import KinWebSocket
import KinWire

/// A server as the user names it: `https://HOST[:PORT]`, or `http` on the loopback; `wss` and `ws` mean the same.
public struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// `scheme://host[:port]`, the origin that hellos and registration secrets are made for.
    public let origin: String
    private let socket: WebSocketURL

    /// - Throws: `server_invalid`, `server_insecure`, both category usage.
    public init(_ text: String) throws {
        let webSocketText = text.replacingPrefix("http", with: "ws")
        let url: WebSocketURL
        do throws(WebSocketError) {
            url = try WebSocketURL(webSocketText)
        } catch {
            if error.code == "insecure_url" {
                throw KinError(
                    "server_insecure",
                    "\(text) would be reached without encryption: use https:// (http:// is for this machine)",
                    category: .usage)
            }
            throw Self.invalid(text)
        }
        guard url.target == "/" else { throw Self.invalid(text) }
        socket = url
        origin = (url.isSecure ? "https://" : "http://") + url.authority
    }

    /// The server that a machine with no configuration uses or starts.
    public static func local(port: Int) throws -> ServerAddress { try ServerAddress("http://127.0.0.1:\(port)") }

    private static func invalid(_ text: String) -> KinError {
        KinError(
            "server_invalid", "\(text) is no server address: it looks like https://HOST or http://127.0.0.1:7440",
            category: .usage)
    }

    /// What people call it: host and port.
    public var authority: String { socket.authority }

    /// The WebSocket address of a path that begins with `/`.
    func webSocket(_ target: String) -> String { socket.origin + target }

    public var description: String { origin }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String, with replacement: String) -> String {
        hasPrefix(prefix) ? replacement + dropFirst(prefix.count) : self
    }
}
