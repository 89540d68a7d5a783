import Foundation
import GRDB
import KinSQLite
import KinTesting
import Testing

@Suite struct BoundStatementTests {
    let database = try? DatabaseQueue()

    private func write<T>(_ body: (Database) throws -> T) throws -> T { try database.orThrow("database").write(body) }

    @Test("values come back as they were bound: empty ones, zeros within, absent ones, the ends of the range")
    func values() throws {
        try write { db in
            try db.execute(sql: "CREATE TABLE t (a INTEGER, b TEXT, c BLOB)")
            let insert = try BoundStatement(db, "INSERT INTO t VALUES (?, ?, ?)")
            let rows: [(Int64?, String?, [UInt8]?)] = [
                (.min, "", []), (.max, "a\u{0}b", [0, 1, 0]), (0, "ä😀", [UInt8](repeating: 255, count: 70_000)),
                (nil, nil, nil),
            ]
            for row in rows {
                try insert.run { values in
                    values.add(row.0)
                    values.add(row.1)
                    values.add(row.2)
                }
            }
            for (row, stored) in zip(rows, try Row.fetchAll(db, sql: "SELECT a, CAST(b AS BLOB) AS b, c FROM t")) {
                #expect(stored["a"] == row.0)
                #expect(stored["b"] == row.1.map { Data($0.utf8) })
                #expect(stored["c"] == row.2.map { Data($0) })
            }
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t WHERE c = x'' AND b = ''") == 1)
        }
    }

    @Test("a run answers with the first column of its first row, and with nothing where there is none")
    func answers() throws {
        try write { db in
            let numbers = try BoundStatement(
                db, "SELECT value + ?1 FROM (SELECT 1 AS value UNION SELECT 2) WHERE ?1 > 0")
            #expect(try numbers.run { $0.add(Int64(10)) } == 11)
            #expect(try numbers.run { $0.add(Int64(-1)) } == nil)
        }
    }

    @Test("a run that fails says why, and the statement can be run again")
    func failure() throws {
        try write { db in
            try db.execute(sql: "CREATE TABLE t (a INTEGER UNIQUE)")
            let insert = try BoundStatement(db, "INSERT INTO t VALUES (?)")
            try insert.run { $0.add(Int64(1)) }
            let error = #expect(throws: DatabaseError.self) { try insert.run { $0.add(Int64(1)) } }
            #expect(error?.resultCode.primaryResultCode == .SQLITE_CONSTRAINT)
            try insert.run { $0.add(Int64(2)) }
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t") == 2)
        }
    }
}
