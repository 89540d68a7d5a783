import KinVault
public import KinWire

/// How `kin` ends, for scripts.
public enum CommandStatus: Int32, Hashable, Sendable {
    case ok = 0
    case failed = 1
    /// The command line, a setting or what was typed is wrong.
    case usage = 2
    /// A daemon or server does not answer.
    case unreachable = 3
    case refused = 4
    case notFound = 5
    case conflict = 6
    /// Control-C before it was done; as a shell says of what SIGINT ended.
    case interrupted = 130

    public init(_ error: KinError) {
        self = error.code == "interrupted" ? .interrupted : CommandStatus(error.category)
    }

    public init(_ category: KinError.Category) {
        self =
            switch category {
            case .failed, .exhausted, .busy: .failed
            case .usage: .usage
            case .unreachable: .unreachable
            case .refused, .tooLarge: .refused
            case .notFound: .notFound
            case .conflict: .conflict
            }
    }
}

extension KinError.Category {
    /// Of a command that ended so; the rest is `failed`.
    init(endedWith code: Int32) {
        self =
            switch CommandStatus(rawValue: code) {
            case .usage: .usage
            case .unreachable: .unreachable
            case .refused: .refused
            case .notFound: .notFound
            case .conflict: .conflict
            case .ok, .failed, .interrupted, nil: .failed
            }
    }
}

extension KinError {
    /// Any error as one of ours.
    init(reporting error: any Error) {
        switch error {
        case let error as KinError: self = error
        case let error as PhraseError: self.init(error.code, error.message, category: .usage)
        case let error as DerivationError: self.init(error.code, error.message, category: .usage)
        case is CancellationError: self.init("interrupted", "interrupted")
        default: self.init("internal", "something went wrong that should not: \(error)")
        }
    }
}
