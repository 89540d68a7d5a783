import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Opens WebSockets.
public enum WebSocketClient {
    /// Resolves, connects, encrypts and upgrades, all under one deadline.
    ///
    /// The delegate may be called on `eventLoop` before this returns; it is never called when this throws.
    /// Cancelling the task gives up.
    ///
    /// - Parameters:
    ///   - headers: sent with the upgrade request; `Host`, `Connection`, `Upgrade` and the handshake's own are refused.
    ///   - tls: trust roots and client certificate; `nil` trusts what the system trusts. Ignored for `ws`.
    ///   - deadline: time for everything together.
    public static func connect(
        to url: WebSocketURL,
        headers: HTTPHeaders = [:],
        tls: TLSConfiguration? = nil,
        limits: WebSocketLimits,
        deadline: TimeAmount = .seconds(10),
        on eventLoop: any EventLoop,
        delegate: any WebSocketDelegate
    ) async throws(WebSocketError) -> WebSocketConnection {
        let dial = WebSocketDial(
            url: url,
            headers: try checked(headers),
            sslContext: url.isSecure ? try makeContext(tls, for: url) : nil,
            limits: limits,
            deadline: deadline,
            eventLoop: eventLoop,
            delegate: delegate
        )
        do {
            return try await withTaskCancellationHandler {
                dial.start()
                return try await dial.result.get()
            } onCancel: {
                dial.fail(.init(code: "cancelled", message: "connecting to \(url.origin) was cancelled"))
            }
        } catch let error as WebSocketError {
            throw error
        } catch {
            throw WebSocketError(code: "connect_failed", message: "cannot connect to \(url.origin)", cause: error)
        }
    }

    /// As above, for a URL in text; throws `url_invalid` or `insecure_url` before anything is dialled.
    public static func connect(
        to url: String,
        headers: HTTPHeaders = [:],
        tls: TLSConfiguration? = nil,
        limits: WebSocketLimits,
        deadline: TimeAmount = .seconds(10),
        on eventLoop: any EventLoop,
        delegate: any WebSocketDelegate
    ) async throws(WebSocketError) -> WebSocketConnection {
        try await connect(
            to: WebSocketURL(url),
            headers: headers,
            tls: tls,
            limits: limits,
            deadline: deadline,
            on: eventLoop,
            delegate: delegate
        )
    }

    /// Built here and not on the event loop: reading the system's trust roots takes milliseconds.
    private static func makeContext(
        _ tls: TLSConfiguration?,
        for url: WebSocketURL
    ) throws(WebSocketError) -> NIOSSLContext {
        var configuration = tls ?? .makeClientConfiguration()
        configuration.shutdownTimeout = .seconds(1)
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            let message = "TLS for \(url.origin) cannot be set up: \(error)"
            throw WebSocketError(code: "tls_failed", message: message, cause: error)
        }
    }

    private static func checked(_ headers: HTTPHeaders) throws(WebSocketError) -> HTTPHeaders {
        let reserved = ["host", "connection", "upgrade", "sec-websocket-key", "sec-websocket-version"]
        for (name, value) in headers {
            guard name.utf8.allSatisfy(\.isHeaderNameByte), !name.isEmpty, !reserved.contains(name.lowercased()) else {
                throw WebSocketError(code: "header_invalid", message: "the request header \(name) may not be set")
            }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                let message = "the value of the request header \(name) holds control characters"
                throw WebSocketError(code: "header_invalid", message: message)
            }
        }
        return headers
    }
}

extension UInt8 {
    /// A `tchar` of RFC 9110 §5.6.2.
    fileprivate var isHeaderNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
