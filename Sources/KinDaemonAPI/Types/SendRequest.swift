import KinEncoding
import KinWire

/// `POST /v1/send`: a message for one device.
public struct SendRequest: Hashable, Sendable {
    /// A device's name, its member id, `#` and a topic's name, or `all`.
    public var to: String
    public var message: String
    public var priority: Priority
    /// An object of the application's own, at most 8 levels.
    public var meta: JSON?
    public var replyTo: ClientMessageID?
    /// Makes a repeat recognisable; the daemon makes one where it is nil.
    public var clientMessageID: ClientMessageID?
    /// Milliseconds from now after which the message is worthless.
    public var expiresIn: Int64?
    /// Names of devices, at most 32; with a topic.
    public var mentions: [DeviceName]?

    /// Largest request body: 1 MiB.
    public static let maxBytes = 1 << 20
    /// Characters.
    static let longestRecipient = 128
    /// Milliseconds: ten years.
    public static let longestExpiry: Int64 = 315_360_000_000

    public init(
        to: String, message: String, priority: Priority = .next, meta: JSON? = nil, replyTo: ClientMessageID? = nil,
        clientMessageID: ClientMessageID? = nil, expiresIn: Int64? = nil
    ) {
        self.to = to
        self.message = message
        self.priority = priority
        self.meta = meta
        self.replyTo = replyTo
        self.clientMessageID = clientMessageID
        self.expiresIn = expiresIn
    }

    /// Reads a request body.
    /// - Throws: `KinError` `invalid_request`, naming the field.
    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in try SendRequest(&fields) }
    }

    init(_ fields: inout Fields) throws(WireError) {
        self.init(
            to: try fields.recipient("to"),
            message: try fields.string("message", maxBytes: Self.maxBytes))
        if fields.has("priority") { priority = try fields.priority() }
        meta = try fields.given("meta") { fields, name throws(WireError) in try fields.meta(name) }
        // `replyToId` is an older name of `reply_to`.
        for name in ["replyToId", "reply_to"] where fields.has(name) {
            replyTo = try fields.given(name) { fields, name throws(WireError) in try fields.clientMessageID(name) }
        }
        clientMessageID = try fields.given("client_message_id") { fields, name throws(WireError) in
            try fields.clientMessageID(name)
        }
        expiresIn = try fields.given("expires_in") { fields, name throws(WireError) in
            try fields.integer(name, from: 1, to: Self.longestExpiry)
        }
    }

    public func canonicalBytes() -> [UInt8] { json.canonicalBytes() }

    var json: JSON {
        let members: [String: JSON] = ["to": .string(to), "message": .string(message), "priority": .text(priority)]
        return .object(
            members.adding("meta", meta) { $0 }.adding("reply_to", replyTo) { .text($0) }
                .adding("client_message_id", clientMessageID) { .text($0) }.adding("expires_in", expiresIn) {
                    .integer($0)
                })
    }
}

extension SendRequest {
    public static let schema = Schema.object(
        "SendRequest",
        [
            .required("to", .recipient, "A device's name or member id, # and a topic's name, or all."),
            .required("message", .text, "The text; it may be empty."),
            .optional("priority", .priority, "next unless said."), .optional("meta", .meta.orNull),
            .optional("reply_to", .clientMessageID.orNull, "The message this one answers."),
            .optional("replyToId", .clientMessageID.orNull, "An older name of reply_to."),
            .optional(
                "client_message_id", .clientMessageID.orNull, "Makes a repeat recognisable; made where it is absent."),
            .optional(
                "expires_in", Schema.integer(from: 1, to: longestExpiry).orNull,
                "Milliseconds after which the message is worthless."),
        ])
}

extension Fields {
    mutating func recipient(_ name: String) throws(WireError) -> String {
        let longest = SendRequest.longestRecipient
        return try parsed(name, maxBytes: 4 * longest, as: "a string of at most \(longest) characters") {
            $0.unicodeScalars.count <= longest ? $0 : nil
        }
    }
}
