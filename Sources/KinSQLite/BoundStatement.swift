public import GRDB
import GRDBSQLite

/// A statement whose values are bound one after another, none of them boxed: for the few that run for every message.
public struct BoundStatement {
    /// Takes the values of one run, in the order of the statement's parameters.
    public struct Values {
        fileprivate let handle: SQLiteStatement
        private var position: CInt = 0
        /// The first that SQLite would not take.
        fileprivate var fault: CInt?
        /// SQLite makes a copy before the call returns.
        private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

        fileprivate init(_ handle: SQLiteStatement) { self.handle = handle }

        public mutating func add(_ value: Int64) {
            position += 1
            note(sqlite3_bind_int64(handle, position, value))
        }

        public mutating func add(_ value: Int64?) {
            if let value { return add(value) }
            addNull()
        }

        public mutating func add(_ text: String?) {
            if let text { return add(text) }
            addNull()
        }

        public mutating func add(_ text: String) {
            position += 1
            // As C sees it, a text ends at a zero: its length says where ours ends.
            note(sqlite3_bind_text(handle, position, text, CInt(text.utf8.count), Self.copied))
        }

        public mutating func add(_ bytes: [UInt8]?) {
            if let bytes { return add(bytes) }
            addNull()
        }

        public mutating func add(_ bytes: [UInt8]) {
            position += 1
            guard !bytes.isEmpty else { return note(sqlite3_bind_zeroblob(handle, position, 0)) }
            note(
                bytes.withUnsafeBytes {
                    sqlite3_bind_blob64(handle, position, $0.baseAddress, UInt64($0.count), Self.copied)
                })
        }

        private mutating func addNull() {
            position += 1
            note(sqlite3_bind_null(handle, position))
        }

        private mutating func note(_ code: CInt) {
            if code != SQLITE_OK { fault = fault ?? code }
        }
    }

    private let statement: Statement

    /// Compiles it once for each connection.
    public init(_ db: Database, _ sql: String) throws { statement = try db.cachedStatement(sql: sql) }

    /// Runs it.
    /// - Returns: the first column of the first row; nil where there is none.
    /// - Throws: `DatabaseError`.
    @discardableResult
    public func run(_ bind: (inout Values) -> Void) throws -> Int64? {
        let handle = statement.sqliteStatement
        var values = Values(handle)
        defer {
            sqlite3_reset(handle)
            // What a message said does not stay here.
            sqlite3_clear_bindings(handle)
        }
        bind(&values)
        if let fault = values.fault { throw Self.error(fault, handle) }
        var first: Int64?
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: first = first ?? sqlite3_column_int64(handle, 0)
            case SQLITE_DONE: return first
            case let code: throw Self.error(code, handle)
            }
        }
    }

    private static func error(_ code: CInt, _ handle: SQLiteStatement) -> DatabaseError {
        let text = sqlite3_errmsg(sqlite3_db_handle(handle)).map { String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: text)
    }
}
