import KinEncoding
import KinWire

/// The answer of `POST /v1/token/rotate`. The token itself is in its file alone.
public struct TokenRotation: Hashable, Sendable {
    /// The file that holds the new token.
    public var path: String
    /// Milliseconds: until when the former one is taken; nil: there was none.
    public var formerUntil: Int64?

    public init(path: String, formerUntil: Int64?) {
        self.path = path
        self.formerUntil = formerUntil
    }

    public init(json bytes: [UInt8]) throws {
        self = try APIBody.read(bytes) { fields throws(WireError) in
            TokenRotation(path: try fields.text("path"), formerUntil: try fields.givenTime("former_until"))
        }
    }

    public var json: JSON {
        .object(["path": .string(path), "former_until": .orNull(formerUntil) { .integer($0) }])
    }

    public static let schema = Schema.object(
        "TokenRotation",
        [
            .required("path", .text, "The file that holds the new token."),
            .optional(
                "former_until", Schema.time.orNull, "Until when the former token is taken; null: there was none."),
        ])
}
