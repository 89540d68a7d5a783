import KinSQLite
import KinWire

extension KinError {
    /// What a store's failure means to a caller.
    init(_ error: StoreError) {
        switch error.code {
        case .full:
            self.init(
                error.code.rawValue, "\(error.message): free some space and send again", category: .exhausted,
                retryable: true)
        case .closed:
            self.init("shutting_down", "the daemon is shutting down: try again when it is back", retryable: true)
        case .corrupt:
            self.init(
                error.code.rawValue, "\(error.message): restore it from a backup, or move it away to start afresh")
        default: self.init(error.code.rawValue, error.message)
        }
    }
}
