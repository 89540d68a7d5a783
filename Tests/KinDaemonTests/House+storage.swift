import GRDB
import KinIdentity
import KinWire

extension House {
    /// Makes a receiver owe its receipts again, as if it had been killed before they were taken.
    func forgetReceipts(of state: StateFolder) throws {
        try change(state.daemon() + "/inbox.db", "UPDATE inbox SET receipt_due = 1")
    }

    /// Makes a sender know of no receipt.
    func forgetReceipt(of state: StateFolder) throws {
        try change(state.daemon() + "/outbox.db", "UPDATE outbox SET delivered_at = NULL")
    }

    /// Makes a message of a daemon that is down older by so many milliseconds; below zero, younger.
    func age(_ id: ClientMessageID, of state: StateFolder, by milliseconds: Int64) throws {
        try change(
            state.daemon() + "/outbox.db",
            "UPDATE outbox SET enqueued_at = enqueued_at - \(milliseconds) WHERE client_message_id = '\(id)'")
    }

    /// Lets no answer of the broker reach a sender's disk until told otherwise.
    func refuseAnswers(_ refused: Bool, of state: StateFolder) throws {
        try change(
            state.daemon() + "/outbox.db",
            refused
                ? "CREATE TRIGGER refusal BEFORE UPDATE OF status ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END"
                : "DROP TRIGGER refusal")
    }

    /// Makes a sender that is down forget what the broker and the recipient said of these.
    func forgetAnswers(_ ids: [String], of state: StateFolder) throws {
        let list = ids.map { "'\($0)'" }.joined(separator: ", ")
        try change(
            state.daemon() + "/outbox.db",
            """
            UPDATE outbox SET status = 'pending', relayed_at = NULL, delivered_at = NULL, broker_message_id = NULL
            WHERE client_message_id IN (\(list))
            """)
    }

    /// Lets no new message into a sender's outbox until told otherwise.
    func refuseMessages(_ refused: Bool, of state: StateFolder) throws {
        try change(
            state.daemon() + "/outbox.db",
            refused
                ? "CREATE TRIGGER refusal BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END"
                : "DROP TRIGGER refusal")
    }

    /// Changes what the server's store holds while it is down.
    func changeServer(_ sql: String) throws { try change(folder + "/data/broker.db", sql) }

    /// Damages the content of one message.
    func damage(_ id: ClientMessageID, of state: StateFolder) throws {
        try change(state.daemon() + "/outbox.db", "UPDATE outbox SET payload = 5 WHERE client_message_id = '\(id)'")
    }

    private func change(_ path: String, _ sql: String) throws {
        // Whoever has it open may be writing.
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }
}
