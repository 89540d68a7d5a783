import AsyncHTTPClient
import Foundation
import KinEncoding
import KinWire
import NIOCore
import NIOHTTP1

/// Talks to a daemon over its Unix socket.
public struct DaemonClient: Sendable {
    /// `<home>/daemon/<mesh slug>/sock`.
    public let socketPath: String
    private let http: HTTPClient

    /// - Parameter http: by default one that lives as long as the process and says at once that nobody answers.
    public init(socketPath: String, http: HTTPClient = .impatient) {
        self.socketPath = socketPath
        self.http = http
    }

    public func version(within deadline: TimeAmount = .seconds(5)) async throws -> DaemonVersion {
        try DaemonVersion(json: await get("/v1/version", deadline: deadline))
    }

    public func health() async throws -> DaemonHealth { try DaemonHealth(json: await get("/v1/health")) }

    public func compatibility() async throws -> DaemonCompatibility {
        try DaemonCompatibility(json: await get("/v1/compat"))
    }

    /// Says that an agent is alive.
    public func heartbeat() async throws -> Heartbeat { try Heartbeat(json: await post("/v1/heartbeat", [])) }

    /// Has the daemon make another token for TCP.
    public func rotateToken() async throws -> TokenRotation {
        try TokenRotation(json: await post("/v1/token/rotate", []))
    }

    /// Counts and figures, as text for a scraper (docs/operations.md).
    public func metrics() async throws -> String { String(decoding: try await get("/v1/metrics"), as: UTF8.self) }

    public func send(_ request: SendRequest) async throws -> SendAnswer {
        try SendAnswer(json: await post("/v1/send", request.canonicalBytes()))
    }

    /// Revokes a device, or gives the entry that the wallet has to sign.
    public func revoke(_ request: RevokeRequest) async throws -> RevokeAnswer {
        try RevokeAnswer(json: await post("/v1/device/revoke", request.json.canonicalBytes()))
    }

    /// Hands in a revocation that was signed elsewhere.
    public func submit(_ revocation: SignedRevocation) async throws -> RevokeAnswer {
        try RevokeAnswer(json: await post("/v1/revocations", revocation.json.canonicalBytes()))
    }

    /// What both wallets have to sign so that this device hands its family over to `successor`.
    public func draftSuccession(to successor: WalletAddress, with: [String] = []) async throws -> SuccessionPlan {
        let request = SuccessionDraftRequest(successor: successor, with: with)
        return try SuccessionPlan(json: await post("/v1/wallet/succession/draft", request.json.canonicalBytes()))
    }

    /// Hands in what both wallets signed; from then on the devices are told.
    public func succeed(_ signed: SignedSuccession) async throws -> SuccessionProgress {
        try SuccessionProgress(json: await post("/v1/wallet/succession", signed.json.canonicalBytes()))
    }

    /// Follows that wallet, whatever this device thinks of it.
    public func follow(_ successor: WalletAddress) async throws -> SuccessionProgress {
        let request = SuccessionRequest(successor: successor)
        return try SuccessionProgress(json: await post("/v1/wallet/succession/follow", request.json.canonicalBytes()))
    }

    /// How far this device and its family have moved to a new wallet.
    public func successionProgress() async throws -> SuccessionProgress {
        try SuccessionProgress(json: await get("/v1/wallet/succession"))
    }

    /// The members with their certificates, and who was revoked.
    public func members() async throws -> MemberList { try MemberList(json: await get("/v1/members")) }

    /// The family as the registry and the cache know it, refreshed first.
    public func devices() async throws -> DeviceList { try DeviceList(json: await get("/v1/devices")) }

    /// The members of the mesh as the broker knows them.
    public func peers() async throws -> DeviceList { try DeviceList(json: await get("/v1/peers")) }

    /// Events from now on, or after `lastEventID`. Ends when the daemon ends; throws when it cannot be reached.
    public func events(after lastEventID: Int64? = nil) async throws -> AsyncThrowingStream<DaemonEvent, any Error> {
        var call = HTTPClientRequest(url: url("/v1/events"))
        if let lastEventID { call.headers.add(name: "last-event-id", value: String(lastEventID)) }
        let body = try await stream(call)
        return AsyncThrowingStream { continuation in
            let task = Task {
                var parser = EventStreamParser()
                do {
                    for try await chunk in body {
                        guard let events = parser.parse(chunk.readableBytesView) else { break }
                        for event in events { continuation.yield(event) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: notRunning(error))
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// An answer that comes bit by bit, for as long as it takes.
    func stream(_ path: String) async throws -> HTTPClientResponse.Body {
        try await stream(HTTPClientRequest(url: url(path)))
    }

    /// A body that goes on for as long as its answer.
    /// - Parameter limit: until the answer begins.
    func upload(
        _ path: String, contentType: String, _ body: AsyncStream<ByteBuffer>, within limit: TimeAmount
    ) async throws -> HTTPClientResponse.Body {
        var call = HTTPClientRequest(url: url(path))
        call.method = .POST
        call.headers.add(name: "content-type", value: contentType)
        call.body = .stream(body, length: .unknown)
        return try await stream(call, by: .now() + limit)
    }

    private func stream(
        _ call: HTTPClientRequest, by deadline: NIODeadline = .distantFuture
    ) async throws -> HTTPClientResponse.Body {
        let response: HTTPClientResponse
        do {
            // The deadline is for the headers; the stream itself has none.
            response = try await http.execute(call, deadline: deadline)
        } catch {
            throw notRunning(error)
        }
        guard response.status == .ok else { throw await failure(response) }
        return response.body
    }

    func post(_ path: String, _ body: [UInt8], headers: [(String, String)] = []) async throws -> [UInt8] {
        var call = HTTPClientRequest(url: url(path))
        call.method = .POST
        call.headers.add(name: "content-type", value: "application/json")
        call.headers.add(contentsOf: headers)
        call.body = .bytes(ByteBuffer(bytes: body))
        return try await answer(to: call)
    }

    func get(_ path: String, deadline: TimeAmount = .seconds(30)) async throws -> [UInt8] {
        try await answer(to: HTTPClientRequest(url: url(path)), deadline: deadline)
    }

    private func answer(to call: HTTPClientRequest, deadline: TimeAmount = .seconds(30)) async throws -> [UInt8] {
        let response: HTTPClientResponse
        do {
            response = try await http.execute(call, timeout: deadline)
        } catch {
            throw notRunning(error)
        }
        guard (200..<300).contains(Int(response.status.code)) else { throw await failure(response) }
        do {
            return Array(try await response.body.collect(upTo: 16 << 20).readableBytesView)
        } catch {
            throw notRunning(error)
        }
    }

    private func failure(_ response: HTTPClientResponse) async -> KinError {
        let body = try? await response.body.collect(upTo: 1 << 20)
        return APIError.read(Array(body?.readableBytesView ?? ByteBufferView()), status: Int(response.status.code))
    }

    private func notRunning(_ error: any Error) -> KinError {
        KinError(
            "daemon_not_running", "no daemon answers at \(socketPath): start it with  kin up", category: .unreachable,
            retryable: true)
    }

    private func url(_ path: String) -> String {
        let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
        let socket = socketPath.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        return "http+unix://\(socket)\(path)"
    }

    static func query(_ parameters: [(String, String?)]) -> String {
        var components = URLComponents()
        components.queryItems = parameters.compactMap { name, value in value.map { URLQueryItem(name: name, value: $0) }
        }
        guard let text = components.percentEncodedQuery, !text.isEmpty else { return "" }
        return "?" + text.replacingOccurrences(of: "+", with: "%2B")
    }
}
