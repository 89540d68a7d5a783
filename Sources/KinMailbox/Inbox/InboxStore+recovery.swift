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
    /// A crash at any step is made good by the next opening.
    /// - Parameter now: milliseconds.
    public static func open(path: String, isIndexed: Bool, now: Int64) throws -> Opening {
        do {
            let replacement = Replacement(path: path)
            let begun = try replacement.finish()
            do {
                try replacement.refuseEmpty()
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

    /// A thousand messages a millisecond never came, and 2^53 is far: the year 248,000.
    private static func firstID(_ now: Int64) -> Int64 { min(max(now, 0), 1 << 42) * 1024 }
}

/// One file in another's place. The fresh one is made under a name of its own and gets a second when it is whole: from then on the exchange is decided,
/// and whoever finds that name finishes it.
private struct Replacement {
    let path: String

    private var making: DatabaseFiles { DatabaseFiles("\(path).making") }
    private var fresh: String { "\(path).fresh-" }

    /// A file that was cut to nothing looks to SQLite as one that was never written.
    func refuseEmpty() throws {
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        if size == 0 { throw KinError(StoreError(.corrupt, "\(path) is empty")) }
    }

    /// Makes the fresh one.
    func begin(now: Int64) throws {
        try making.remove()
        let store = try InboxStore(path: making.path)
        do { try store.awaitRefill(now: now) } catch {
            store.close()
            throw error
        }
        store.close()
        var time = now
        while DatabaseFiles(aside("\(time)")).exist { time += 1 }
        try making.move(to: fresh + "\(time)")
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
        try DatabaseFiles(path).move(to: aside(time))
        try DatabaseFiles(fresh + time).move(to: path)
        return aside(time)
    }

    private func aside(_ time: some StringProtocol) -> String { "\(path).corrupt-\(time)" }
}
