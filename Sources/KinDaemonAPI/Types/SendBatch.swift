import KinEncoding
import KinWire

/// `POST /v1/send/batch`: messages that are taken in this order, up to the first that is refused.
public struct SendBatch: Hashable, Sendable {
    public static let maxMessages = 256

    public var messages: [SendRequest]

    public init(messages: [SendRequest]) { self.messages = messages }

    /// - Throws: `KinError` `invalid_request`, naming the field.
    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            SendBatch(
                messages: try fields.objects("messages", atMost: Self.maxMessages) { fields throws(WireError) in
                    try SendRequest(&fields)
                })
        }
    }

    public var json: JSON { .object(["messages": .array(messages.map(\.json))]) }
}

/// The answer: one for each message that was taken, and why the one after them was not.
public struct SendBatchAnswer: Sendable {
    public var answers: [SendAnswer]
    /// Why nothing more was taken; nil where everything was.
    public var refusal: KinError?

    public init(answers: [SendAnswer], refusal: KinError?) {
        self.answers = answers
        self.refusal = refusal
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            let answers = try fields.objects("answers", atMost: SendBatch.maxMessages) { fields throws(WireError) in
                try SendAnswer(&fields)
            }
            let refusal = try fields.given("refusal") { fields, name throws(WireError) in
                var refusal = try Fields(fields.take(name), in: name)
                let status = try refusal.integer("status", from: 400, to: 599)
                let error = APIError.read(
                    JSON.object(["error": try refusal.take("error")]).canonicalBytes(), status: Int(status))
                try refusal.end()
                return error
            }
            return SendBatchAnswer(answers: answers, refusal: refusal)
        }
    }

    public var json: JSON {
        .object([
            "answers": .array(answers.map(\.json)),
            "refusal": .orNull(refusal) { APIError.statusJSON($0) },
        ])
    }
}

extension SendBatch {
    public static let schema = Schema.object(
        "SendBatch", [.required("messages", .list(SendRequest.schema, atMost: maxMessages))])
}

extension SendBatchAnswer {
    public static let schema = Schema.object(
        "SendBatchAnswer",
        [
            .required("answers", .list(SendAnswer.schema, atMost: SendBatch.maxMessages)),
            .optional(
                "refusal",
                Schema.object(
                    "Refusal",
                    [.required("status", .integer(from: 400, to: 599)), .required("error", APIError.innerSchema)]
                ).orNull, "Of the message after the last answer; null where all were taken."),
        ])
}
