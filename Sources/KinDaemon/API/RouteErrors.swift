/// The codes that a route may give, by status.
struct RouteErrors: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    var codes: [Int: [String]]

    init(dictionaryLiteral elements: (Int, [String])...) {
        codes = Dictionary(elements) { $0 + $1 }
    }

    static func + (one: RouteErrors, other: RouteErrors) -> RouteErrors {
        var sum = one
        for (status, codes) in other.codes {
            sum.codes[status, default: []] += codes.filter { !(one.codes[status] ?? []).contains($0) }
        }
        return sum
    }

    /// What any route may answer beside its answers.
    static let common: RouteErrors = [
        400: ["invalid_request", "credential_in_address"], 401: ["token_missing", "token_invalid"],
        403: ["host_refused", "origin_refused"], 429: ["daemon_busy", "rate_limited"], 431: ["head_too_large"],
        500: ["internal"],
    ]
    /// What a route with a body may answer besides.
    static let body: RouteErrors = [408: ["body_timeout"], 413: ["body_too_large"], 415: ["media_type"]]
    /// Of routes that take a device's name.
    static let recipient: RouteErrors = [400: ["ambiguous_recipient"], 404: ["unknown_recipient"]]
    /// Of routes that read a store.
    static let store: RouteErrors = [500: ["store_failed", "store_corrupt"]]
    /// Of routes that write to one.
    static let full: RouteErrors = store + [507: ["storage_full"]]
}
