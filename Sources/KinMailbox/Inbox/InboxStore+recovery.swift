import Foundation
import GRDB
import KinSQLite
import KinWire

// A damaged inbox is set aside, and a fresh one that waits to be filled again takes its place.

extension InboxStore {
    /// What opening found.
    public struct Opening: Sendable {
        public var store: InboxStore
        /// Where the damaged file is now; nil where it was sound.
        public var setAside: String?
    }

    /// Opens or creates `inbox.db`. A damaged one becomes `inbox.db.corrupt-<now>`, with its log, and is never deleted; the broker has what it held.
    ///
    /// Nothing but damage sets it aside: a newer version's file, one that may not be read, and a full disk are refused as by `init`.
    /// A crash at any step is made good by the next opening. One that met damage in use is set aside too, but where the index for searching alone is
    /// damaged it is built anew.
    /// - Parameter now: milliseconds.
    public static func open(path: String, isIndexed: Bool, now: Int64) throws -> Opening {
        try open(path: path, isIndexed: isIndexed, now: now) {}
    }

    /// - Parameter renamed: called after each renaming of a file.
    static func open(
        path: String, isIndexed: Bool, now: Int64, renamed: @escaping () throws -> Void
    ) throws -> Opening {
        do {
            let replacement = Replacement(path: path, renamed: renamed)
            let begun = try replacement.finish()
            do {
                try mendIndex(path, isIndexed: isIndexed)
                return Opening(store: try InboxStore(path: path, isIndexed: isIndexed), setAside: begun)
            } catch let error as KinError where error.code == StoreError.Code.corrupt.rawValue {
                try replacement.begin(now: now)
                let setAside = try replacement.finish()
                return Opening(store: try InboxStore(path: path, isIndexed: isIndexed), setAside: setAside)
            }
        } catch {
            throw KinError(storeError: error)
        }
    }

    /// Makes a fresh inbox wait to be filled again. What arrives gets ids above all that were ever given here, what is refilled lies below them.
    fileprivate func awaitRefill(now: Int64) throws {
        try database.change { db in
            try db.execute(sql: "INSERT INTO refill DEFAULT VALUES")
            try db.execute(
                sql: "INSERT INTO sqlite_sequence (name, seq) VALUES ('inbox', ?)", arguments: [Self.firstID(now)])
        }
    }

    /// After damage in use: with an index that is damaged, all else is taken for sound. Met again it is not, for the index is sound then.
    /// - Throws: `store_corrupt` where it is not the index.
    private static func mendIndex(_ path: String, isIndexed: Bool) throws {
        let mark = DamageMark(path: path)
        guard mark.isSet else { return try mark.remove() }
        // Closed afterwards: it remembers the damage that it met.
        let store = try InboxStore(path: path, isIndexed: isIndexed)
        defer { store.close() }
        do {
            guard try InboxIndex.mend(in: store.database) else { throw StoreError(.corrupt, "\(path) is damaged") }
            try mark.remove()
        } catch let error as StoreError {
            // Whatever SQLite says of an index that it cannot be rid of.
            throw KinError(inbox: error.code == .failed ? StoreError(.corrupt, error.message) : error)
        }
    }

    /// A thousand messages a millisecond never came. No more than 2^52, which JSON can carry with as many ids above it: the year 2109.
    private static func firstID(_ now: Int64) -> Int64 { min(max(now, 0), 1 << 42) * 1024 }
}

/// One file in another's place. The fresh one is made under a name of its own and gets a second when it is whole: from then on the exchange is decided,
/// and whoever finds that name finishes it.
private struct Replacement {
    let path: String
    /// Called after each renaming of a file.
    let renamed: () throws -> Void

    private var making: DatabaseFiles { DatabaseFiles("\(path).making") }
    private var fresh: String { "\(path).fresh-" }

    /// Makes the fresh one: one file, for a log that is moved in could not be told from one that is not moved away yet.
    func begin(now: Int64) throws {
        try making.remove()
        let store = try InboxStore(path: making.path)
        do { try store.awaitRefill(now: now) } catch {
            store.close()
            throw error
        }
        store.close()
        try making.becomeOneFile()
        var time = now
        while DatabaseFiles(aside("\(time)")).exist { time += 1 }
        try making.move(to: fresh + "\(time)", renamed: renamed)
    }

    /// Moves the damaged one away and the fresh one in.
    /// - Returns: where the damaged one is; nil where nothing was begun.
    func finish() throws -> String? {
        let folder = (path as NSString).deletingLastPathComponent
        let prefix = (fresh as NSString).lastPathComponent
        // A folder that cannot be read is said by whoever opens the file in it.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let times = names.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
        guard let time = times.filter({ Int64($0) != nil }).max() else { return nil }
        try DamageMark(path: path).remove()
        try DatabaseFiles(path).move(to: aside(time), renamed: renamed)
        try DatabaseFiles(fresh + time).move(to: path, renamed: renamed)
        return aside(time)
    }

    private func aside(_ time: some StringProtocol) -> String { "\(path).corrupt-\(time)" }
}
