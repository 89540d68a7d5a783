import Foundation
import GRDB
import KinWire

/// One row of a damaged outbox that can be read as it was written.
struct SavedRow {
    let row: OutboxRow
    /// As they were, in the order of `OutboxRow.columnNames`.
    let values: [DatabaseValue]

    /// nil where a column holds what was never written there: then nothing else of the row is believed.
    init?(_ row: Row) {
        // Before it is decoded, for decoding a value changes its type in SQLite's memory.
        let values = OutboxRow.columnNames.map { row[$0] as DatabaseValue }
        guard zip(OutboxRow.columnNames, values).allSatisfy(Self.fits), let read = try? OutboxRow(row), read.id > 0,
            read.fingerprint.count == 32
        else { return nil }
        self.row = read
        self.values = values
    }

    private static let texts: Set = [
        "client_message_id", "kind", "ref", "status", "last_error", "refused_reason", "aborted_by", "superseded_by",
    ]
    private static let bytes: Set = ["request_fingerprint", "line", "payload"]
    /// Integers that JSON can carry; all there are here are times, counts and positions.
    private static let numbers: ClosedRange<Int64> = 0...1 << 53

    private static func fits(_ column: String, _ value: DatabaseValue) -> Bool {
        switch value.storage {
        // Whether it must be there `OutboxRow` has found out.
        case .null: true
        case .string: texts.contains(column)
        case .blob: bytes.contains(column)
        case .int64(let number): !texts.contains(column) && !bytes.contains(column) && numbers.contains(number)
        case .double: false
        }
    }
}

/// A row that is known to have been there, and cannot be read.
public struct LostRow: Hashable, Sendable {
    public var id: ClientMessageID
    /// Where it waited to go; nil where it did not wait, or that cannot be read either.
    public var lane: OutboxRow.Lane?
    /// Its position.
    var rowID: Int64
}
