import KinEncoding

/// A signed statement: canonical JSON with its signature inside.
///
/// Signed are `domain ‖ 0x00 ‖ unsignedBytes()`. The types here know the bytes; `KinIdentity` knows the keys.
public protocol Statement: Hashable, Sendable {
    /// `kindred/<name>/v1`.
    static var domain: String { get }
    /// Reads an object; an unknown or missing field, or one out of its bounds, is refused.
    init(json: JSON) throws(WireError)
    /// The object without its signatures.
    var unsignedMembers: [String: JSON] { get }
    /// The signature members: name → 64 bytes.
    var signatures: [String: [UInt8]] { get }
}

/// A statement with the one signature `sig`.
public protocol SingleSignatureStatement: Statement {
    /// 64 bytes; empty until signed.
    var signature: [UInt8] { get set }
}

extension SingleSignatureStatement {
    public var signatures: [String: [UInt8]] { ["sig": signature] }
}

extension Statement {
    /// What is signed, without domain and 0x00.
    public func unsignedBytes() -> [UInt8] { JSON.object(unsignedMembers).canonicalBytes() }

    /// The statement as it travels, inside another object.
    public var json: JSON {
        .object(unsignedMembers.merging(signatures.mapValues { JSON.hex($0) }) { _, signature in signature })
    }

    /// The statement as it travels, alone.
    public func canonicalBytes() -> [UInt8] { json.canonicalBytes() }

    /// Reads bytes from outside, which must be their own canonical form.
    public init(canonical bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= StatementLimits.maxBytes else {
            throw .invalid("a statement is at most \(StatementLimits.maxBytes) bytes")
        }
        try self.init(json: parseCanonical(bytes))
    }
}

/// Bounds of statements (docs/protocol/statements.md).
public enum StatementLimits {
    public static let maxBytes = 4096
    public static let maxChain = 8
    public static let maxRotations = 6
    /// How far ahead of the reader's clock a statement may be dated: 5 minutes, in milliseconds.
    public static let maxAhead: Int64 = 300_000
}

func parseCanonical(_ bytes: [UInt8]) throws(WireError) -> JSON {
    do {
        return try JSON.parseCanonical(bytes)
    } catch {
        throw .invalid(error.message)
    }
}
