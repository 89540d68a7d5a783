import GRDB
import KinIdentity

extension House {
    /// Makes a receiver owe its receipts again, as if it had been killed before they were taken.
    func forgetReceipts(of state: StateFolder) throws {
        try change(state.daemon() + "/inbox.db", "UPDATE inbox SET receipt_due = 1")
    }

    /// Makes a sender know of no receipt.
    func forgetReceipt(of state: StateFolder) throws {
        try change(state.daemon() + "/outbox.db", "UPDATE outbox SET delivered_at = NULL")
    }

    private func change(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }
}
