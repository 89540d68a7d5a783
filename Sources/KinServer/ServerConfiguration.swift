import Foundation
import KinBroker
public import KinRelay
import KinWebSocket
import KinWire
import NIOCore

/// What `kin serve` was told.
public struct ServerConfiguration: Sendable {
    /// Certificate chain and key, PEM files.
    public struct TLSFiles: Sendable {
        public var certificate: String
        public var key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// Who may bring a family the broker has not seen.
    public enum Admission: Hashable, Sendable {
        /// Everybody on a loopback listener, nobody elsewhere.
        case automatic
        case open
        case wallets(Set<WalletAddress>)
    }

    public var listen: ListenAddress
    /// Folder of the broker's data (0700).
    public var data: String
    public var tls: TLSFiles?
    /// Further `scheme://host[:port]` under which devices reach this server.
    public var origins: [String]
    public var admission: Admission
    public var auth: Auth
    public var blobs: Blobs
    /// What the relay keeps and takes; those of connections hold for the whole server.
    public var relay: RelayLimits
    public var times: Times
    /// No broker and no files: `data` is not touched.
    public var relayOnly: Bool

    /// What files may take.
    public struct Blobs: Hashable, Sendable {
        /// Bytes of one sealed file.
        public var fileBytes: Int64
        /// Bytes of all together.
        public var totalBytes: Int64
        /// Within which 64 KiB of a transfer have to move.
        public var patience: Duration

        public init(
            fileBytes: Int64 = BrokerPolicy.defaultBlobBytes, totalBytes: Int64 = BrokerPolicy.Blobs.defaultTotal,
            patience: Duration = .seconds(30)
        ) {
            self.fileBytes = fileBytes
            self.totalBytes = totalBytes
            self.patience = patience
        }
    }

    /// How long connections may take, and be silent.
    public struct Times: Hashable, Sendable {
        /// Between two pings on a WebSocket.
        public var ping = Duration.seconds(20)
        /// After which a WebSocket that nothing came from is dead.
        public var dead = Duration.seconds(60)
        /// Within which a message on a WebSocket has to be whole.
        public var message = Duration.seconds(10)
        /// Within which 64 KiB of an HTTP answer, or what is left of it, have to be taken. Files have `Blobs.patience`.
        public var answer = Duration.seconds(10)

        public init() {}

        func limits(maxMessageBytes: Int) -> WebSocketLimits {
            WebSocketLimits(
                maxMessageBytes: maxMessageBytes, pingInterval: TimeAmount(ping), deadAfter: TimeAmount(dead),
                messageWithin: TimeAmount(message))
        }
    }

    /// Which credentials are taken at the HTTP API.
    public struct Auth: Hashable, Sendable {
        /// Tokens for no audience and without a nonce, too (docs/protocol/tokens.md, "Bare token").
        public var acceptBareTokens: Bool

        public init(acceptBareTokens: Bool = false) { self.acceptBareTokens = acceptBareTokens }
    }

    public init(
        listen: ListenAddress, data: String, tls: TLSFiles? = nil, origins: [String] = [],
        admission: Admission = .automatic, auth: Auth = Auth(), blobs: Blobs = Blobs(),
        relay: RelayLimits = RelayLimits(), times: Times = Times(), relayOnly: Bool = false
    ) {
        self.listen = listen
        self.data = data
        self.tls = tls
        self.origins = origins
        self.admission = admission
        self.auth = auth
        self.blobs = blobs
        self.relay = relay
        self.times = times
        self.relayOnly = relayOnly
    }
}

/// `HOST:PORT`, an IPv6 host in brackets.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    public var host: String
    public var port: Int

    /// Where a server is looked for, and started, when none is configured.
    public static let standard = ListenAddress(host: "127.0.0.1", port: 7440)

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public init(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw KinError("listen_invalid", "--listen takes HOST:PORT, as in 127.0.0.1:7440", category: .usage)
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else {
            throw KinError("listen_invalid", "--listen needs a host, as in 127.0.0.1:\(port)", category: .usage)
        }
        self.init(host: host, port: Int(port))
    }

    /// A name that only looks like a loopback address is none: it may lead anywhere.
    public var isLoopback: Bool {
        guard host != "localhost" else { return true }
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        return inet_pton(AF_INET6, host, &six) == 1
            && withUnsafeBytes(of: six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    }

    var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }

    public var description: String { "\(bracketedHost):\(port)" }
}
