import HTTPTypes
import Hummingbird
import KinBroker
import KinEncoding
import KinIdentity
import KinWire
import Logging
import Synchronization

/// `POST /v1/messages`: one send over HTTP (docs/protocol/http-api.md).
final class MessagesRoute: Sendable {
    /// Requests whose bodies are read at one time; with the largest body this is 20 MiB.
    static let maxInFlight = 256
    static let maxInFlightOfOne = 32
    static let mediaTypes = ["application/vnd.kindred.frame", "application/octet-stream"]

    private let broker: Broker
    private let callers: Callers
    private let logger: Logger
    private let inFlight = Mutex<[String: Int]>([:])

    init(broker: Broker, callers: Callers, logger: Logger) {
        self.broker = broker
        self.callers = callers
        self.logger = logger
    }

    func answer(_ request: Request, _ context: ServerContext) async throws -> Response {
        var isRead = false
        do {
            return try await take(request, isRead: &isRead)
        } catch let refusal as RequestRefusal {
            if refusal.status == .unauthorized {
                logger.notice(
                    "unauthorized",
                    metadata: [
                        "security": "true", "code": .string(refusal.code), "from": .string(context.remoteAddress),
                    ])
            }
            var response = ServerAnswer.failure(refusal)
            if !isRead {
                // What is still being sent is not waited for.
                response.headers[.connection] = "close"
                context.closeSoon()
            }
            return response
        }
    }

    private func take(_ request: Request, isRead: inout Bool) async throws -> Response {
        guard let type = request.headers[.contentType], Self.mediaTypes.contains(type.lowercased()) else {
            throw RequestRefusal(
                .unsupportedMediaType, "media_type", "the body is one frame, as \(Self.mediaTypes[0])")
        }
        let known = try callers.caller(request.headers)
        let sender = try sender(of: known.identity, mesh: request.uri.queryParameters["mesh"].map(String.init))
        let caller = known.adding { [broker] () throws(RequestRefusal) in try Self.check(sender, at: broker) }
        try enter(caller.identity.id)
        defer { leave(caller.identity.id) }
        let body = try await WatchedBody(limit: broker.maxFrameBytes, caller: caller).read(request)
        isRead = true
        let submission = try Self.submission(body)
        try caller.recheck()
        let acceptance = await broker.submit(submission, from: sender) {
            do throws(RequestRefusal) {
                try caller.lastLook()
                return nil
            } catch {
                return Refusal(error.code, retryable: error.isRetryable)
            }
        }
        return try Self.answer(acceptance, to: submission.send)
    }

    // MARK: For whom

    /// The member that the caller sends for.
    private func sender(of identity: Identity, mesh: String?) throws(RequestRefusal) -> MeshMember {
        guard identity.scopes.contains(APIScope.send.rawValue) else {
            throw RequestRefusal(.forbidden, "scope_missing", "this credential may not send")
        }
        var members = identity.resources
        if let mesh {
            guard let mesh = MeshID(mesh) else {
                throw RequestRefusal(.badRequest, "invalid_request", "mesh must be <slug>@<wallet address>")
            }
            members = members.filter { $0.mesh == mesh }
        }
        guard let member = members.first else {
            throw RequestRefusal(.forbidden, "not_a_member", "this credential is for no member there")
        }
        guard members.count == 1 else {
            throw RequestRefusal(
                .badRequest, "mesh_required", "this key is in several meshes: name one with ?mesh=<slug>@<wallet>")
        }
        try Self.check(member, at: broker)
        return member
    }

    private static func check(_ member: MeshMember, at broker: Broker) throws(RequestRefusal) {
        guard let chain = broker.validChain(of: member) else {
            throw RequestRefusal(
                .forbidden, "not_a_member", "the member is not known here, or its certificate is not valid now")
        }
        guard chain.certificate.maySend else {
            throw RequestRefusal(.forbidden, "scope_missing", "the member's certificate does not let it send")
        }
    }

    private func enter(_ id: String) throws(RequestRefusal) {
        let isFree = inFlight.withLock { inFlight -> Bool in
            guard inFlight.values.reduce(0, +) < Self.maxInFlight, inFlight[id, default: 0] < Self.maxInFlightOfOne
            else { return false }
            inFlight[id, default: 0] += 1
            return true
        }
        guard isFree else {
            throw RequestRefusal(
                .tooManyRequests, "server_busy", "too many requests at once: wait a moment", isRetryable: true)
        }
    }

    private func leave(_ id: String) {
        inFlight.withLock { inFlight in
            inFlight[id, default: 1] -= 1
            if inFlight[id] == 0 { inFlight[id] = nil }
        }
    }

    // MARK: What

    private static func submission(_ body: [UInt8]) throws(RequestRefusal) -> Submission {
        let frame: ReceivedFrame
        do throws(WireError) {
            frame = try ReceivedFrame(body)
        } catch {
            throw RequestRefusal(.badRequest, error.code, error.message)
        }
        guard case .send(let send) = frame.message else {
            throw RequestRefusal(.badRequest, "invalid_message", "only a send is taken here, not \(frame.message.type)")
        }
        return Submission(send: send, body: frame.body)
    }

    private static func answer(_ acceptance: Acceptance, to send: Send) throws(RequestRefusal) -> Response {
        switch acceptance {
        case .stored(let id):
            let ack = Ack(clientMessageID: send.clientMessageID, brokerMessageID: id, duplicate: false)
            return ServerAnswer.json(ack.json, status: .accepted)
        case .duplicate(let id, let firstSeenAt):
            let ack = Ack(
                clientMessageID: send.clientMessageID, brokerMessageID: id, duplicate: true, firstSeenAt: firstSeenAt)
            return ServerAnswer.json(ack.json)
        case .refused(let refusal): throw RequestRefusal(refusal)
        }
    }
}

extension Certificate {
    /// No scopes are the role's defaults, and every role may send by default.
    var maySend: Bool { scopes.isEmpty || scopes.contains(.send) }
}

extension Ack {
    /// The members of the `ack` frame.
    fileprivate var json: JSON {
        var members: [String: JSON] = [
            "client_message_id": .string(clientMessageID.description), "broker_message_id": .integer(brokerMessageID),
            "history_id": .integer(historyID), "duplicate": .bool(duplicate),
        ]
        if let firstSeenAt { members["first_seen_at"] = .integer(firstSeenAt) }
        return .object(members)
    }
}

extension RequestRefusal {
    /// A nack, as HTTP says it.
    fileprivate init(_ refusal: Refusal) {
        let (status, message): (HTTPResponse.Status, String) =
            switch refusal.code {
            case "idempotency_key_reused": (.conflict, "the id is taken by another message: use another id")
            case "unknown_member": (.notFound, "the recipient is not known at this server yet")
            case "member_revoked": (.gone, "the recipient was revoked")
            case "too_large": (.contentTooLarge, "the sealed body is larger than this server takes")
            case "rate_limited": (.tooManyRequests, "too many messages: wait")
            case "storage_full": (.init(code: 507), "the server's disk is full")
            case "storage_failed": (.serviceUnavailable, "the server could not store it")
            case "expired": (.badRequest, "expires_at has passed")
            case "unsupported_destination": (.badRequest, "this server takes direct messages only")
            // What is left is the credential, taken back at the last moment.
            default: (.unauthorized, "the credential is no longer good")
            }
        self.init(status, refusal.code, message, isRetryable: refusal.retryable)
        retryAfter = refusal.retryAfter
        if let stored = refusal.storedFingerprint { detail["stored_fingerprint"] = .string(Hex.encode(stored)) }
    }
}
