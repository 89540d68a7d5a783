import KinEncoding
import KinWire

/// The error form of the local API: `{"error":{"code","message","retryable","detail"}}`.
public enum APIError {
    /// The HTTP status a category is answered with.
    public static func status(of category: KinError.Category) -> Int {
        switch category {
        case .usage: 400
        case .refused: 403
        case .notFound: 404
        case .conflict: 409
        case .tooLarge: 413
        case .failed: 500
        case .unreachable: 503
        case .exhausted: 507
        case .busy: 429
        }
    }

    private static func category(of status: Int) -> KinError.Category {
        switch status {
        case 400, 405, 415: .usage
        case 401, 403: .refused
        case 404: .notFound
        case 409: .conflict
        case 413: .tooLarge
        case 503: .unreachable
        case 507: .exhausted
        case 429: .busy
        default: .failed
        }
    }

    public static func json(_ error: KinError) -> JSON {
        .object([
            "error": .object([
                "code": .string(error.code), "message": .string(error.message), "retryable": .bool(error.retryable),
                "detail": .object(error.detail),
            ])
        ])
    }

    /// As `json`, with the status it would have had: for what fails once an answer has begun.
    static func statusJSON(_ error: KinError) -> JSON {
        guard case .object(let members) = json(error) else { return .null }
        let status = JSON.integer(Int64(status(of: error.category)))
        return .object(members.merging(["status": status]) { _, new in new })
    }

    /// An error as `statusJSON` writes it; nil where it is none.
    static func readStatus(_ bytes: [UInt8]) -> KinError? {
        guard case .object(let members)? = try? JSON.parse(bytes), members["error"] != nil else { return nil }
        guard case .integer(let status)? = members["status"], (400...599).contains(status) else {
            return read(bytes, category: .failed)
        }
        return read(bytes, status: Int(status))
    }

    /// What an answer with a failing status says.
    public static func read(_ bytes: [UInt8], status: Int) -> KinError {
        read(bytes, category: category(of: status))
            ?? KinError("daemon_answer", "the daemon answered \(status) without saying why")
    }

    /// An error in this form; nil where it is none.
    public static func read(_ bytes: [UInt8], category: KinError.Category) -> KinError? {
        guard case .object(let body)? = try? JSON.parse(bytes), case .object(let error)? = body["error"],
            case .string(let code)? = error["code"], case .string(let message)? = error["message"]
        else { return nil }
        var detail: [String: JSON] = [:]
        if case .object(let members)? = error["detail"] { detail = members }
        return KinError(
            code, message, category: category, retryable: error["retryable"] == .bool(true), detail: detail)
    }
}

extension APIError {
    public static let schema = Schema.object("Error", [.required("error", innerSchema)])

    static let innerSchema = Schema.object(
        "ErrorBody",
        [
            .required("code", .text(pattern: "[a-z0-9_]{1,64}"), "Stable, for programs."),
            .required("message", .text, "For people: what is wrong and what to do."),
            .required("retryable", .bool, "Whether the same request can succeed later."),
            .required("detail", .table(of: .anything), "More for programs."),
        ])
}
