import Foundation
import GRDB

/// Writes of many callers in one transaction: while one group syncs to disk, the next forms.
///
/// One thread owns the connection. A write that throws takes back its own changes alone, unless it says otherwise; a commit that fails fails its whole group.
public final class GroupCommit: Sendable {
    /// A write, run on the writer's thread inside the group's transaction.
    public typealias Work = @Sendable (Database) throws -> Void

    /// When a write must reach the disk.
    public enum Urgency: Sendable {
        /// Before its completion runs.
        case durable
        /// With the next durable write, or after `GroupCommit.riderDelay`: losing it in a crash costs a repeat, no data.
        case rider
    }

    /// What a write that throws takes back.
    public enum Failure: Sendable {
        /// Its own changes: what others wrote beside it stays.
        case alone
        /// The whole group: for what throws only where the disk or the file fails. Cheaper, for many small writes.
        case group
    }

    private struct Entry: Sendable {
        let work: Work
        let failure: Failure
        let completion: @Sendable (StoreError?) -> Void
    }

    /// Bounds one transaction, so that the first caller of a group does not wait for ever.
    public static let maxGroup = 1024
    /// Seconds a rider waits for company.
    public static let riderDelay = 0.2

    private let pool: DatabasePool
    private let path: String
    private let queue = Queue()

    /// Told of each transaction that reached the disk: how many writes it held, and how long it took.
    public typealias Observer = @Sendable (_ writes: Int, _ duration: Duration) -> Void

    init(pool: DatabasePool, file: DatabaseFile, damage: DamageWatch, onCommit: Observer? = nil) {
        self.pool = pool
        path = file.path
        Thread.detachNewThread { [queue] in
            Thread.current.name = "group-commit"
            while let group = queue.next() { Self.commit(group, in: pool, file: file, damage, onCommit) }
            // The pool closes its readers last, and they may not empty the log into the file.
            try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            queue.finish()
        }
    }

    /// Queues a write; `completion` runs on the writer's thread after the commit, in the order of submission.
    ///
    /// What the work leaves for its completion needs no lock: one thread runs both, one after the other. After `close` the completion alone runs, at once.
    public func submit(
        _ urgency: Urgency = .durable, failing failure: Failure = .alone, _ work: @escaping Work,
        completion: @escaping @Sendable (StoreError?) -> Void = { _ in }
    ) {
        let entry = Entry(work: work, failure: failure, completion: completion)
        if !queue.add(entry, urgent: urgency == .durable) {
            completion(StoreError(.closed, "\(path) is closed"))
        }
    }

    /// Writes durably and returns what `body` returned.
    public func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
            let slot = Slot<T>()
            submit { database in
                try slot.fill { try body(database) }
            } completion: { error in
                continuation.resume(with: slot.result(after: error))
            }
        }
    }

    /// Commits what is queued, refuses the rest, and waits for the thread to end.
    func close() { queue.close() }

    private static func commit(
        _ group: [Entry], in pool: DatabasePool, file: DatabaseFile, _ damage: DamageWatch, _ onCommit: Observer?
    ) {
        let started = ContinuousClock.now
        let path = file.path
        var outcomes = [StoreError?](repeating: nil, count: group.count)
        do {
            try file.checkPresence()
            try pool.writeWithoutTransaction { database in
                try database.cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
                do {
                    for (index, entry) in group.enumerated() {
                        if entry.failure == .group || group.count == 1 {
                            try entry.work(database)
                        } else {
                            outcomes[index] = try runAlone(entry.work, in: database, path: path)
                        }
                    }
                    try database.cachedStatement(sql: "COMMIT TRANSACTION").execute()
                } catch {
                    if database.isInsideTransaction { try? database.rollback() }
                    throw error
                }
            }
            onCommit?(group.count, ContinuousClock.now - started)
        } catch {
            let failure = DurableDatabase.storeError(error, path: path)
            outcomes = outcomes.map { _ in failure }
        }
        for (entry, outcome) in zip(group, outcomes) {
            entry.completion(outcome)
            if let outcome { damage.note(outcome) }
        }
    }

    /// One write among others: taken back by itself when it throws.
    /// - Throws: only what ends the whole group.
    private static func runAlone(_ work: Work, in database: Database, path: String) throws -> StoreError? {
        try database.cachedStatement(sql: "SAVEPOINT one").execute()
        do {
            try work(database)
            try database.cachedStatement(sql: "RELEASE SAVEPOINT one").execute()
            return nil
        } catch let error as DatabaseError where endsGroup(error) {
            throw error
        } catch {
            try database.execute(sql: "ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one")
            return DurableDatabase.storeError(error, path: path)
        }
    }

    /// After these SQLite has rolled the transaction back, or cannot be trusted to go on.
    private static func endsGroup(_ error: DatabaseError) -> Bool {
        [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_NOMEM, .SQLITE_READONLY, .SQLITE_NOTADB]
            .contains(error.resultCode.primaryResultCode)
    }

    /// Carries a value from the writer's thread to the completion on that same thread.
    private final class Slot<T: Sendable>: @unchecked Sendable {  // only ever touched on the writer's thread
        private var outcome: Result<T, any Error>?

        func fill(_ body: () throws -> T) throws {
            outcome = Result(catching: body)
            _ = try outcome?.get()
        }

        /// The value if it was committed, else the caller's own error if it had one, else the store's.
        func result(after failure: StoreError?) -> Result<T, any Error> {
            switch (outcome, failure) {
            case (let outcome?, nil): outcome
            case (.failure(let error)?, _) where !(error is DatabaseError): .failure(error)
            case (_, let failure): .failure(failure ?? StoreError(.failed, "the write was not run"))
            }
        }
    }

    /// The waiting writes. A condition, since the writer's thread sleeps here.
    private final class Queue: @unchecked Sendable {  // every access holds `condition`
        private let condition = NSCondition()
        private var entries: [Entry] = []
        private var urgent = false
        private var riderIsTimed = false
        private var isClosed = false
        private var isFinished = false

        func add(_ entry: Entry, urgent isUrgent: Bool) -> Bool {
            condition.lock()
            defer { condition.unlock() }
            guard !isClosed else { return false }
            entries.append(entry)
            if isUrgent {
                urgent = true
                condition.broadcast()
            } else if !riderIsTimed {
                riderIsTimed = true
                // Not by the wall clock, as a wait of the condition would be: that may be set back.
                DispatchQueue.global().asyncAfter(deadline: .now() + GroupCommit.riderDelay) { [weak self] in
                    self?.ridersAreDue()
                }
            }
            return true
        }

        private func ridersAreDue() {
            condition.lock()
            defer { condition.unlock() }
            riderIsTimed = false
            guard !entries.isEmpty else { return }
            urgent = true
            condition.broadcast()
        }

        /// The next group; nil when closed and empty.
        func next() -> [Entry]? {
            condition.lock()
            defer { condition.unlock() }
            while !isClosed && !urgent { condition.wait() }
            guard !entries.isEmpty else { return nil }
            let group = Array(entries.prefix(GroupCommit.maxGroup))
            entries.removeFirst(group.count)
            urgent = !entries.isEmpty
            return group
        }

        func finish() {
            condition.lock()
            isFinished = true
            condition.broadcast()
            condition.unlock()
        }

        func close() {
            condition.lock()
            defer { condition.unlock() }
            isClosed = true
            condition.broadcast()
            while !isFinished { condition.wait() }
        }
    }
}
