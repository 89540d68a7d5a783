public import KinEncoding

/// One event of a call, with the id of the call: what a frame of a call stream holds (docs/protocol/calls.md).
public struct CallEnvelope: Hashable, Sendable {
    /// Drawn by whoever asks, and unique among its calls on the stream.
    public var id: ULID
    public var event: CallEvent

    public init(id: ULID, event: CallEvent) {
        self.id = id
        self.event = event
    }

    /// Members that are not known are passed over: later versions add some.
    /// - Parameter frame: UTF-8 JSON.
    public init(frame: [UInt8]) throws(WireError) {
        guard let json = try? JSON.parse(frame, maxDepth: CallLimits.maxDepth) else {
            throw .invalid("call event: JSON of at most \(CallLimits.maxDepth) levels is expected")
        }
        var fields = try Fields(json, in: "call event")
        id = try fields.ulid("id")
        let type = try fields.string("type", maxBytes: 32)
        var payload = try Fields(fields.take("payload"), in: type)
        event = try CallEvent(type, &payload)
    }

    /// UTF-8 JSON.
    public func frame() -> [UInt8] {
        let members: [String: JSON] = [
            "type": .string(event.type), "id": .text(id), "payload": .object(event.members),
        ]
        return JSON.object(members).canonicalBytes()
    }
}

/// What happens to a call, said by one side to the other.
public enum CallEvent: Hashable, Sendable {
    case requested(CallRequest)
    /// An answer: the only one, unless the request gave credit for more.
    case responded(output: JSON)
    /// No more answers follow.
    case completed
    /// The asking side wants no more, or the answering one had to stop. For an unknown call it is passed over.
    case aborted(reason: String?)
    case failed(CallFault)
    /// The asking side takes so many answers more.
    case credited(events: Int)

    /// As it stands in the envelope.
    public var type: String {
        switch self {
        case .requested: "call.requested"
        case .responded: "call.responded"
        case .completed: "call.completed"
        case .aborted: "call.aborted"
        case .failed: "call.error"
        case .credited: "call.credited"
        }
    }

    init(_ type: String, _ fields: inout Fields) throws(WireError) {
        switch type {
        case "call.requested": self = .requested(try CallRequest(&fields))
        case "call.responded": self = .responded(output: try fields.take("output"))
        case "call.completed": self = .completed
        case "call.aborted":
            self = .aborted(
                reason: try fields.optional("reason") { fields, name throws(WireError) in
                    try fields.string(name, maxBytes: CallLimits.maxMessage)
                })
        case "call.error": self = .failed(try CallFault(&fields))
        case "call.credited":
            self = .credited(events: Int(try fields.integer("events", from: 1, to: Int64(CallLimits.maxCredit))))
        default: throw WireError(code: "unknown_message_type", message: "no call event of this type is known")
        }
    }

    var members: [String: JSON] {
        switch self {
        case .requested(let request): request.members
        case .responded(let output): ["output": output]
        case .completed: [:]
        case .aborted(let reason): [:].adding("reason", reason) { .string($0) }
        case .failed(let fault): fault.members
        case .credited(let events): ["events": .integer(Int64(events))]
        }
    }
}

/// `call.requested`.
public struct CallRequest: Hashable, Sendable {
    public var operation: OperationPath
    public var input: JSON
    /// Until when an answer is of use, milliseconds of the asking side's clock; nil: no end.
    public var deadline: Int64?
    /// How many answers it takes at first; nil: it ends with the first one.
    public var credit: Int?
    /// The call on whose behalf this one is made: it ends with that one.
    public var parent: ULID?
    /// A repeat under the same key is not done twice.
    public var idempotencyKey: String?

    public init(
        _ operation: OperationPath, input: JSON = .object([:]), deadline: Int64? = nil, credit: Int? = nil,
        parent: ULID? = nil, idempotencyKey: String? = nil
    ) {
        self.operation = operation
        self.input = input
        self.deadline = deadline
        self.credit = credit
        self.parent = parent
        self.idempotencyKey = idempotencyKey
    }

    init(_ fields: inout Fields) throws(WireError) {
        operation = try fields.parsed("operationId", maxBytes: OperationPath.maxBytes, as: OperationPath.form) {
            OperationPath($0)
        }
        input = fields.has("input") ? try fields.take("input") : .object([:])
        deadline = try fields.optional("deadline") { fields, name throws(WireError) in try fields.time(name) }
        credit = try fields.optional("credit") { fields, name throws(WireError) in
            Int(try fields.integer(name, from: 1, to: Int64(CallLimits.maxCredit)))
        }
        parent = try fields.optional("parentRequestId") { fields, name throws(WireError) in try fields.ulid(name) }
        idempotencyKey = try fields.optional("idempotencyKey") { fields, name throws(WireError) in
            try fields.string(name, maxBytes: 128)
        }
    }

    var members: [String: JSON] {
        ["operationId": .text(operation), "input": input]
            .adding("deadline", deadline) { .integer($0) }
            .adding("credit", credit) { .integer(Int64($0)) }
            .adding("parentRequestId", parent) { .text($0) }
            .adding("idempotencyKey", idempotencyKey) { .string($0) }
    }
}
