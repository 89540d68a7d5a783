import GRDB
import KinEncoding
import KinWire

/// One receipt inside the writer's transaction.
///
/// `@unchecked Sendable`: `changed` is touched by a write and its completion alone, which `GroupCommit.submit` runs one after the other.
final class ReceiptApplication: @unchecked Sendable {
    private let receipt: Receipt
    private let signer: ULID
    private(set) var changed: [ClientMessageID] = []

    init(_ receipt: Receipt, signer: ULID) {
        self.receipt = receipt
        self.signer = signer
    }

    func run(_ db: Database) throws {
        let update = try db.cachedStatement(
            sql: """
                UPDATE outbox SET \(change)
                    AND refused_at IS NULL AND client_message_id = :id AND kind = 'dm' AND ref = :signer
                """)
        changed = try receipt.ids.filter { id in
            var arguments: StatementArguments = [
                "at": receipt.at, "id": id.description, "signer": signer.description,
            ]
            if receipt.kind == .refused { arguments += ["reason": receipt.reason ?? "refused"] }
            try update.execute(arguments: arguments)
            return db.changesCount > 0
        }
    }

    /// The first word of the recipient on whether it took the message is the last.
    private var change: String {
        switch receipt.kind {
        case .delivered: "delivered_at = :at WHERE delivered_at IS NULL"
        case .read: "read_at = :at, delivered_at = coalesce(delivered_at, :at) WHERE read_at IS NULL"
        case .refused: "refused_at = :at, refused_reason = :reason WHERE delivered_at IS NULL"
        }
    }
}
