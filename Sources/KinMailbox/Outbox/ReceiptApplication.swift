import GRDB
import KinEncoding
import KinWire

/// One receipt inside the writer's transaction.
///
/// `@unchecked Sendable`: `changed` is only touched on the writer's thread.
final class ReceiptApplication: @unchecked Sendable {
    private let receipt: Receipt
    private let signer: ULID
    private(set) var changed: [ClientMessageID] = []

    init(_ receipt: Receipt, signer: ULID) {
        self.receipt = receipt
        self.signer = signer
    }

    func run(_ db: Database) throws {
        let column = receipt.kind == .delivered ? "delivered_at" : "read_at"
        let update = try db.cachedStatement(
            sql: """
                UPDATE outbox SET \(column) = ? WHERE client_message_id = ? AND kind = 'dm' AND ref = ? AND \(column) IS NULL
                """)
        changed = try receipt.ids.filter { id in
            try update.execute(arguments: [receipt.at, id.description, signer.description])
            return db.changesCount > 0
        }
    }
}
