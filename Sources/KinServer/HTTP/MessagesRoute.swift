import HTTPTypes
import Hummingbird
import KinBroker
import KinEncoding
import KinIdentity
import KinWire

/// `POST /v1/messages`: one send over HTTP (docs/protocol/http-api.md).
struct MessagesRoute: Sendable {
    static let mediaTypes = ["application/vnd.kindred.frame", "application/octet-stream"]

    let broker: Broker
    let requests: AuthorizedRequests

    func answer(_ request: Request, _ context: ServerContext) async throws -> Response {
        let mesh = request.uri.queryParameters["mesh"].map(String.init)
        let form = AuthorizedRequests.Form(mediaTypes: Self.mediaTypes, limit: broker.maxFrameBytes)
        return try await requests.answer(request, context, form) { identity throws(RequestRefusal) in
            let sender = try sender(of: identity, mesh: mesh)
            return AuthorizedRequests.Work(
                condition: { [broker] () throws(RequestRefusal) in try ActingMember.check(sender, at: broker) },
                body: { body, caller in try await take(body, from: sender, caller) })
        }
    }

    private func take(_ body: [UInt8], from sender: MeshMember, _ caller: Caller) async throws -> Response {
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
        return try ActingMember.find(identity, mesh: mesh, at: broker)
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
            case "unknown_topic": (.notFound, "there is no topic of that name that the sender is in")
            case "epoch_missing", "epoch_ahead": (.badRequest, "the post's epoch is none of the topic's")
            case "epoch_stale": (.conflict, "the topic has a newer key: seal the post with that")
            case "mesh_succeeded": (.serviceUnavailable, "a new wallet takes over: send it in its mesh")
            // What is left is the credential, taken back at the last moment.
            default: (.unauthorized, "the credential is no longer good")
            }
        self.init(status, refusal.code, message, isRetryable: refusal.retryable)
        retryAfter = refusal.retryAfter
        if let stored = refusal.storedFingerprint { detail["stored_fingerprint"] = .string(Hex.encode(stored)) }
    }
}
