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

    /// What a failure of the outbox means: what it holds is nowhere else, so it is never set aside unasked.
    init(outbox error: StoreError) {
        guard error.code == .corrupt else {
            self.init(error)
            return
        }
        self.init(
            error.code.rawValue,
            "\(error.message): run  kin daemon recover , which saves every message that can still be read")
    }
}
