public import KinEncoding

/// Why a call failed: `call.error`.
public struct CallFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// One of `CallCode`, or one that the operation declares; `[A-Za-z0-9_]{1,64}`.
    public var code: String
    /// What to do next; at most 1,024 bytes.
    public var message: String
    /// Whether the same call may succeed later.
    public var retryable: Bool
    /// For programs.
    public var details: [String: JSON]

    public init(_ code: String, _ message: String, retryable: Bool = false, details: [String: JSON] = [:]) {
        self.code = code
        self.message = message
        self.retryable = retryable
        self.details = details
    }

    public init(_ code: CallCode, _ message: String) {
        self.init(code.rawValue, message, retryable: code.isRetryable)
    }

    init(_ fields: inout Fields) throws(WireError) {
        code = try fields.parsed("code", maxBytes: 64, as: "1 to 64 of A-Z a-z 0-9 _") { Self.isCode($0) ? $0 : nil }
        message = try fields.string("message", maxBytes: CallLimits.maxMessage)
        retryable = try fields.bool("retryable")
        details = [:]
        guard fields.has("details") else { return }
        guard case .object(let members) = try fields.take("details") else {
            throw fields.refusal("details", "must be an object")
        }
        details = members
    }

    var members: [String: JSON] {
        [
            "code": .string(code), "message": .string(String(message.clipped(toBytes: CallLimits.maxMessage))),
            "retryable": .bool(retryable),
        ].adding("details", details.isEmpty ? nil : details) { .object($0) }
    }

    private static func isCode(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                isLowercaseOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || byte == UInt8(ascii: "_")
            }
    }

    public var description: String { "\(message) (\(code))" }
}

/// The codes that every operation may end with.
public enum CallCode: String, CaseIterable, Sendable {
    /// No such operation for this caller.
    case notFound = "NOT_FOUND"
    case forbidden = "FORBIDDEN"
    case invalidInput = "INVALID_INPUT"
    case timeout = "TIMEOUT"
    /// The other side cannot be reached, or went away.
    case unavailable = "UNAVAILABLE"
    case exhausted = "RESOURCE_EXHAUSTED"
    case aborted = "ABORTED"
    case `internal` = "INTERNAL"

    public var isRetryable: Bool { [.timeout, .unavailable, .exhausted].contains(self) }
}

extension String {
    /// As many whole characters from its beginning as fit.
    fileprivate func clipped(toBytes limit: Int) -> Substring {
        guard utf8.count > limit else { return self[...] }
        var end = startIndex
        var count = 0
        while end < endIndex {
            count += self[end].utf8.count
            if count > limit { break }
            end = index(after: end)
        }
        return self[..<end]
    }
}
