import Foundation
import GRDB

/// A SQLite file whose committed transactions survive a crash: WAL, `synchronous = FULL`.
///
/// Writes go through `writer`, which commits in groups; reads see the last commit and never wait for a writer.
public final class DurableDatabase: Sendable {
    private let pool: DatabasePool
    private let readers = ReaderGate()
    public let writer: GroupCommit
    /// Hears of damage that shows while the file is in use.
    public let damage = DamageWatch()
    public let path: String

    /// Opens or creates the file (0600) and migrates it forward.
    /// - Parameters:
    ///   - checkingIntegrity: refuses what is damaged: a file that SQLite's quick check does, and an empty one, which SQLite would take for new.
    ///   - onCommit: told of each group that was committed, on the writer's thread.
    /// - Throws: `StoreError`.
    public init(
        path: String, migrator: DatabaseMigrator, checkingIntegrity: Bool = false,
        onCommit: GroupCommit.Observer? = nil
    ) throws {
        self.path = path
        do {
            if checkingIntegrity { try Self.refuseEmpty(path, migrator: migrator) }
            let file = try DatabaseFile(path)
            var configuration = Configuration()
            configuration.maximumReaderCount = 4
            configuration.busyMode = .timeout(5)
            pool = try DatabasePool(path: path, configuration: configuration)
            do {
                // The pool sets NORMAL when it opens: a commit would then not reach the disk.
                try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
                if checkingIntegrity { try Self.check(pool, path: path) }
                try Self.refuseNewer(pool, migrator: migrator, path: path)
                try migrator.migrate(pool)
            } catch {
                // Closed now, not when it is forgotten: that would delete a log of this name, which may be another file's by then.
                try? pool.close()
                throw error
            }
            writer = GroupCommit(pool: pool, file: file, damage: damage, onCommit: onCommit)
        } catch {
            throw Self.storeError(error, path: path)
        }
    }

    /// Reads from the last commit.
    /// - Throws: `StoreError`, `closed` once `close` was called; or what `body` throws of its own.
    public func read<T>(_ body: (Database) throws -> T) throws -> T {
        guard readers.enter() else { throw StoreError(.closed, "\(path) is closed") }
        defer { readers.leave() }
        do { return try pool.read(body) } catch { throw noted(error) }
    }

    /// Changes the file outside the groups of `writer`, in one transaction: for what is done when it is opened.
    public func change(_ body: (Database) throws -> Void) throws {
        do { try pool.write(body) } catch { throw noted(error) }
    }

    /// Gives free pages back to the disk. Writes wait until it is done, reads do not.
    /// - Throws: `StoreError`, `closed` once `close` was called.
    public func vacuum() throws {
        guard readers.enter() else { throw StoreError(.closed, "\(path) is closed") }
        defer { readers.leave() }
        do {
            try pool.writeWithoutTransaction { try $0.execute(sql: "VACUUM") }
        } catch {
            throw noted(error)
        }
    }

    /// Finishes queued writes and reads under way, then closes the file, which holds everything: a copy of it alone is whole.
    public func close() {
        // SQLite crashes where a read meets a connection that is being closed.
        readers.close()
        writer.close()
        try? pool.close()
    }

    /// A file that holds nothing was cut off: a new one gets its name when it is whole, so that a crash leaves none behind.
    private static func refuseEmpty(_ path: String, migrator: DatabaseMigrator) throws {
        guard DatabaseFiles(path).exist else {
            let making = DatabaseFiles(path + ".new")
            try making.remove()
            try DurableDatabase(path: making.path, migrator: migrator).close()
            try making.becomeOneFile()
            return try making.move(to: path)
        }
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        if size == 0 { throw StoreError(.corrupt, "\(path) is empty") }
    }

    private static func check(_ pool: DatabasePool, path: String) throws {
        let answer = try pool.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard answer == "ok" else { throw StoreError(.corrupt, "\(path) is damaged") }
    }

    private static func refuseNewer(_ pool: DatabasePool, migrator: DatabaseMigrator, path: String) throws {
        guard try pool.read(migrator.hasBeenSuperseded) else { return }
        throw StoreError(.newerSchema, "\(path) was written by a newer kin: update kin on this machine")
    }

    private func noted(_ error: any Error) -> StoreError {
        let error = Self.storeError(error, path: path)
        damage.note(error)
        return error
    }

    /// Any error of SQLite's as one of a store's. What was being written is not quoted.
    public static func storeError(_ error: any Error, path: String) -> StoreError {
        switch error {
        case let error as StoreError: error
        case let error as DatabaseError: storeError(error, path: path)
        default: StoreError(.failed, "\(path): \(error)")
        }
    }

    private static func storeError(_ error: DatabaseError, path: String) -> StoreError {
        switch error.resultCode {
        case .SQLITE_FULL: StoreError(.full, "the disk that holds \(path) is full")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: StoreError(.corrupt, "\(path) is damaged")
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM:
            StoreError(.unavailable, "\(path) cannot be written")
        // SQLite's own text only: GRDB's description would quote statement arguments, which are messages.
        default: StoreError(.failed, "\(path): \(error.resultCode.description)")
        }
    }
}
