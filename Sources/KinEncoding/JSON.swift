/// A JSON value (RFC 8259).
///
/// A number without fraction and exponent that fits 64 bits is an `integer`, every other one a `number`; so a reader
/// that accepts only `integer` refuses `5.0`.
///
/// Text compares as Swift's `String` does, by canonical equivalence: two spellings of one accented letter are equal,
/// and an object cannot hold both as keys.
public enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])
}
