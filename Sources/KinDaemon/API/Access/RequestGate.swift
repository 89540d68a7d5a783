import HTTPTypes
import Hummingbird
import KinCrypto
import KinDaemonAPI
import KinWire

/// Says of each request of one listener whether a route may be asked at all. Line by line: docs/protocol/local-api.md, "Who may ask".
struct RequestGate: Sendable {
    enum Listener: String, Sendable { case socket, tcp }

    /// Who asks.
    enum Caller: Hashable, Sendable {
        /// A program of this user's.
        case user
        /// Anybody on this machine: the route is open to them.
        case anybody
    }

    let listener: Listener
    let tokens: LocalTokens
    let settings: LocalAPISettings
    let flow: RequestFlow
    /// Milliseconds.
    let now: @Sendable () -> Int64

    /// Bytes of a request line with its headers, and how many of these there may be.
    static let (maxHeadBytes, maxHeaders) = (16 << 10, 100)

    /// What holds whoever asks, before it is known who does.
    /// - Throws: `LocalRefusal`, `KinError`.
    func checkHead(_ request: Request) throws {
        try checkSize(request)
        guard request.head.path?.hasPrefix("/") == true else {
            throw KinError("invalid_request", "the request's target must be a path", category: .usage)
        }
        if let query = request.uri.query, AddressCredential.isIn(query: query) { throw Self.credentialInAddress }
        try checkHost(request)
        try checkOrigin(request)
    }

    /// - Parameter route: nil where there is none: what there is, only who may ask learns.
    func caller(_ request: Request, for route: LocalRoute?) throws -> Caller {
        guard listener == .tcp else { return .user }
        guard let shown = request.headers[.authorization] else {
            if settings.isHealthPublic, route?.access == .openable { return .anybody }
            throw Self.unauthorized(
                "token_missing",
                "over TCP this needs the line of daemon/home/local_token: Authorization: Bearer …; the Unix socket needs none"
            )
        }
        let parts = shown.split(separator: " ", omittingEmptySubsequences: true)
        guard request.headers[values: .authorization].count == 1, parts.count == 2, parts[0].lowercased() == "bearer",
            tokens.accepts(SecretBytes(copying: Array(parts[1].utf8)), now: now())
        else {
            throw Self.unauthorized(
                "token_invalid",
                "that token is not the one in daemon/home/local_token: read it again, it may have been changed")
        }
        guard route?.access != .socketOnly else { throw Self.socketOnly }
        return .user
    }

    /// Only what a page cannot send by itself is taken as a body over TCP.
    func checkBody(_ request: Request, for route: LocalRoute) throws {
        guard route.body != nil else { return }
        let length = request.headers[.contentLength].flatMap { Int($0) }
        if let length, length > SendRequest.maxBytes { throw Self.bodyTooLarge }
        let isThere = request.headers[.transferEncoding] != nil || length ?? 0 > 0
        guard listener == .tcp, isThere else { return }
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        guard type == "application/json" else {
            throw LocalRefusal(
                .unsupportedMediaType,
                KinError("media_type", "over TCP a body must be application/json", category: .usage))
        }
    }

    // MARK: Lines

    private func checkSize(_ request: Request) throws {
        let bytes = request.headers.reduce(request.head.path?.utf8.count ?? 0) {
            $0 + $1.name.rawName.utf8.count + $1.value.utf8.count
        }
        guard bytes <= Self.maxHeadBytes, request.headers.count <= Self.maxHeaders else {
            throw LocalRefusal(
                .init(code: 431, reasonPhrase: "Request Header Fields Too Large"),
                KinError(
                    "head_too_large",
                    "a request's address and headers are at most \(Self.maxHeadBytes) bytes, and \(Self.maxHeaders) headers",
                    category: .usage))
        }
    }

    /// A page whose name was made to point here shows its own name.
    private func checkHost(_ request: Request) throws {
        // The first stands apart from the other headers.
        let hosts =
            [request.head.authority ?? ""] + request.headers.filter { $0.name.canonicalName == "host" }.map(\.value)
        guard hosts.count == 1, Self.isLocal(hosts[0]) else {
            throw LocalRefusal(
                .forbidden,
                KinError(
                    "host_refused", "the Host header must be localhost, 127.0.0.1 or [::1], or empty",
                    category: .refused))
        }
    }

    private static func isLocal(_ host: String) -> Bool {
        guard !host.isEmpty else { return true }
        let lowered = host.lowercased()
        guard let name = ["localhost", "127.0.0.1", "[::1]"].first(where: lowered.hasPrefix) else { return false }
        let port = lowered.dropFirst(name.count)
        return port.isEmpty
            || (port.first == ":" && port.count <= 6 && port.dropFirst().allSatisfy { $0.isASCII && $0.isNumber })
    }

    /// No page is to ask anything here, unless the user named it; and none ever gets a CORS header, so none can read.
    private func checkOrigin(_ request: Request) throws {
        let origins = request.headers[values: .origin]
        let isAllowed = origins.count == 1 && settings.allowedOrigins.contains(origins[0])
        let site = request.headers[.fetchSite]?.lowercased()
        let isAPages = !origins.isEmpty || ![nil, "none", "same-origin"].contains(site)
        let isPreflight = request.method == .options && request.headers[.requestedMethod] != nil
        guard !isPreflight, isAllowed || !isAPages else {
            throw LocalRefusal(
                .forbidden,
                KinError(
                    "origin_refused",
                    "web pages may not ask this: a page of yours goes into [ipc] allowed_origins of config.toml",
                    category: .refused))
        }
    }

    // MARK: Refusals

    private static let credentialInAddress = LocalRefusal(
        .badRequest,
        KinError(
            "credential_in_address",
            "a token belongs into the Authorization header, never into an address: this one may be in logs now:  kin daemon rotate-token  makes another",
            category: .usage))

    private static let socketOnly = LocalRefusal(
        .forbidden, KinError("unix_socket_only", "this is done over the Unix socket alone", category: .refused))

    static let bodyTooLarge = KinError(
        "body_too_large",
        "a request body is at most \(SendRequest.maxBytes) bytes: what is larger goes as a file, with  kin share",
        category: .tooLarge)

    private static func unauthorized(_ code: String, _ message: String) -> LocalRefusal {
        LocalRefusal(
            .unauthorized, KinError(code, message, category: .refused), headers: [.wwwAuthenticate: "Bearer"])
    }
}
