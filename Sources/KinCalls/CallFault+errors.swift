public import KinWire

extension CallFault {
    /// What the asking side is told of an error.
    public init(any error: any Error) {
        switch error {
        case let fault as CallFault: self = fault
        case let error as KinError: self.init(error)
        case let error as WireError: self.init(.invalidInput, error.message)
        case is CancellationError: self.init(.aborted, "the other side stopped answering: try again")
        // Another error's text may hold what is nobody's business.
        default: self.init(.internal, "the other device failed (\(type(of: error))): see its log")
        }
    }

    /// An operation's own error keeps its code; `details.kind` says what kind of end it is.
    public init(_ error: KinError) {
        var details = error.detail
        details["kind"] = .string(error.category.name)
        self.init(error.code, error.message, retryable: error.retryable, details: details)
    }
}

extension KinError {
    /// What a person or program here is told of a call that failed elsewhere.
    public init(_ fault: CallFault) {
        if let code = CallCode(rawValue: fault.code) {
            self.init(
                code.rawValue.lowercased(), fault.message, category: code.category, retryable: fault.retryable,
                detail: fault.details)
            return
        }
        var detail = fault.details
        var category = Category.failed
        if case .string(let kind)? = detail.removeValue(forKey: "kind") { category = Category(kind) }
        self.init(fault.code, fault.message, category: category, retryable: fault.retryable, detail: detail)
    }
}

extension CallCode {
    fileprivate var category: KinError.Category {
        switch self {
        case .notFound: .notFound
        case .forbidden: .refused
        case .invalidInput: .usage
        case .timeout, .unavailable: .unreachable
        case .exhausted: .busy
        case .aborted, .internal: .failed
        }
    }
}

extension KinError.Category {
    private static let names: [(Self, String)] = [
        (.failed, "failed"), (.usage, "usage"), (.unreachable, "unreachable"), (.refused, "refused"),
        (.notFound, "not_found"), (.conflict, "conflict"), (.tooLarge, "too_large"), (.exhausted, "exhausted"),
        (.busy, "busy"),
    ]

    fileprivate var name: String { Self.names.first { $0.0 == self }?.1 ?? "failed" }

    fileprivate init(_ name: String) { self = Self.names.first { $0.1 == name }?.0 ?? .failed }
}
