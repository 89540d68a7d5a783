import KinVault
public import KinWire

/// How `kin` ends, for scripts.
public struct CommandStatus: RawRepresentable, Hashable, Sendable {
    public static let ok = CommandStatus(rawValue: 0)
    public static let failed = CommandStatus(rawValue: 1)
    /// The command line, a setting or what was typed is wrong.
    public static let usage = CommandStatus(rawValue: 2)
    /// A daemon or server does not answer.
    public static let unreachable = CommandStatus(rawValue: 3)
    public static let refused = CommandStatus(rawValue: 4)
    public static let notFound = CommandStatus(rawValue: 5)
    public static let conflict = CommandStatus(rawValue: 6)
    /// Control-C before it was done; as a shell says of what SIGINT ended.
    public static let interrupted = CommandStatus(rawValue: 130)

    /// One of these, or that of a program elsewhere.
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

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
            default: .failed
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
