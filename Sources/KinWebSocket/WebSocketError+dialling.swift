import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

extension WebSocketError {
    /// What went wrong before TCP was connected.
    static func connecting(to url: WebSocketURL, _ error: any Error) -> WebSocketError {
        if let lookup = error as? NIOConnectionError {
            guard let attempt = lookup.connectionErrors.first else {
                let message = "cannot find the address of \(url.host): check the name and the network"
                return WebSocketError(code: "dns_failed", message: message, cause: error)
            }
            return connecting(to: url, attempt.error)
        }
        if let refused = error as? IOError, refused.errnoCode == ECONNREFUSED {
            let message = "nothing listens at \(url.host) port \(url.port)"
            return WebSocketError(code: "connect_refused", message: message, cause: error)
        }
        return WebSocketError(
            code: "connect_failed", message: "cannot connect to \(url.origin): \(error)", cause: error)
    }

    /// What went wrong between TCP and the end of the upgrade.
    static func upgrading(_ url: WebSocketURL, stage: WebSocketDial.Stage, _ error: any Error) -> WebSocketError {
        if stage == .encrypting || error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError {
            return WebSocketError(code: "tls_failed", message: tlsMessage(url, error), cause: error)
        }
        let fault =
            switch error {
            case is HTTPParserError: "the answer is not HTTP"
            case is NIOHTTPClientUpgradeError: "the answer is not a valid WebSocket handshake"
            case is ChannelError: "the connection ended before the answer"
            default: "\(error)"
            }
        let message = "\(url.origin) did not become a WebSocket: \(fault)"
        return WebSocketError(code: "upgrade_failed", message: message, cause: error)
    }

    private static func tlsMessage(_ url: WebSocketURL, _ error: any Error) -> String {
        let detail = "\(error)"
        let isUntrusted = detail.contains("CERTIFICATE_VERIFY_FAILED")
        let isMisnamed = error as? NIOSSLExtraError == .failedToValidateHostname
        let fault =
            if isUntrusted { "its certificate is not one this side trusts" } else if isMisnamed {
                "its certificate is for another name"
            } else { "the handshake failed: \(detail)" }
        return "no secure connection to \(url.origin): \(fault)"
    }
}
