import KinSQLite
import KinWire

extension KinError {
    /// What a store's failure means to a caller, whichever store it is.
    init(_ error: StoreError) {
        switch error.code {
        case .full:
            self.init(
                error.code.rawValue, "\(error.message): free some space and send again", category: .exhausted,
                retryable: true)
        case .closed:
            self.init("shutting_down", "the daemon is shutting down: try again when it is back", retryable: true)
        default: self.init(error.code.rawValue, error.message)
        }
    }

    /// What a failure of the inbox means: the broker has what it holds, and the next start fetches it.
    init(inbox error: StoreError) {
        guard error.code == .corrupt else {
            self.init(error)
            return
        }
        self.init(
            error.code.rawValue,
            "\(error.message): start the daemon again, which sets the file aside and fills a fresh one from the server")
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
