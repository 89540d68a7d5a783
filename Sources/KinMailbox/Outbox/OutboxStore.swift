import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire
import Synchronization

/// The durable outbox of one daemon: what was accepted survives any crash, and an id once written is never free again.
public final class OutboxStore: Sendable {
    let database: DurableDatabase
    /// 8 bytes made with the file: a lost or restored outbox starts a new line.
    public let line: [UInt8]
    public let usage: OutboxUsage
    /// Where the damaged file is, when opening finished a recovery that was cut off.
    public let finishedRecovery: String?

    /// Opens or creates `outbox.db`, checking its integrity. A recovery that was cut off is finished first.
    /// - Parameters:
    ///   - maxBytes: of contents that wait.
    ///   - pressureHigh: called each time 80 % of that is reached.
    ///   - makeLine: 8 random bytes, for a new file.
    public init(
        path: String, maxBytes: Int64 = OutboxUsage.defaultLimit,
        pressureHigh: @escaping @Sendable (_ used: Int64, _ limit: Int64) -> Void = { _, _ in },
        makeLine: () -> [UInt8]
    ) throws {
        do {
            finishedRecovery = try OutboxRecovery.finish(path)
            database = try DurableDatabase(
                path: path, migrator: OutboxSchema.migrator(makeLine), checkingIntegrity: true)
            let stored = try database.read { try Data.fetchOne($0, sql: "SELECT line FROM identity") }
            line = [UInt8](stored ?? Data())
            usage = OutboxUsage(limit: maxBytes, onHigh: pressureHigh)
            let waiting = try database.read { db in
                try Int64.fetchOne(db, sql: "SELECT sum(length(payload)) FROM outbox WHERE status = 'pending'")
            }
            usage.add(waiting ?? 0)
        } catch let error as StoreError {
            throw KinError(outbox: error)
        }
    }

    public var path: String { database.path }

    /// - Parameter handler: called once, with the first damage that a read or write meets; from any thread.
    public func onDamage(_ handler: @escaping @Sendable (KinError) -> Void) {
        database.damage.onFirst { handler(KinError(outbox: $0)) }
    }

    public func close() { database.close() }

    /// Takes a message into the outbox, or recognises one already taken (docs/protocol/local-api.md, "Sending").
    ///
    /// `committed` is called with each new row in the order of the commits, before the caller hears of it.
    /// - Throws: `insufficient_storage`, `storage_full`, `store_…`.
    public func accept(
        _ request: OutboxRequest, committed: @escaping @Sendable (OutboxRow) -> Void
    ) async throws -> AcceptOutcome {
        try await withCheckedThrowingContinuation { continuation in
            submit(request, committed: committed) { continuation.resume(with: $0) }
        }
    }

    /// Takes messages in this order, each with an outcome of its own. After one that is not taken none is.
    public func accept(
        _ requests: [OutboxRequest], committed: @escaping @Sendable (OutboxRow) -> Void
    ) async -> [Result<AcceptOutcome, any Error>] {
        guard !requests.isEmpty else { return [] }
        let chain = OutboxChain()
        return await withCheckedContinuation { continuation in
            let outcomes = Gathering<Result<AcceptOutcome, any Error>>(of: requests.count) {
                continuation.resume(returning: $0)
            }
            for request in requests { submit(request, in: chain, committed: committed) { outcomes.add($0) } }
        }
    }

    private func submit(
        _ request: OutboxRequest, in chain: OutboxChain? = nil, committed: @escaping @Sendable (OutboxRow) -> Void,
        completion: @escaping @Sendable (Result<AcceptOutcome, any Error>) -> Void
    ) {
        let acceptance = OutboxAcceptance(request, line: line, usage: usage)
        write(failing: chain == nil ? .group : .alone) {
            try chain?.check()
            try acceptance.run($0)
            if acceptance.isRefused { chain?.breakOff() }
        } completion: { [database] error in
            if error != nil { chain?.breakOff() }
            if let damage = acceptance.damage { database.damage.note(damage) }
            let outcome = acceptance.outcome(after: error)
            if case .success(.queued(let row, isNew: true)) = outcome { committed(row) }
            completion(outcome)
        }
    }

    /// Tries whether a full disk has room again.
    public func probe() { write { try $0.execute(sql: "UPDATE identity SET line = line") } }

    // MARK: Reading

    /// One message by its id; nil where the id was never taken.
    public func row(_ id: ClientMessageID) throws -> OutboxRow? {
        try read { try OutboxAcceptance.find(id, $0) }
    }

    /// Whether the broker has not taken it.
    public func isPending(_ id: ClientMessageID) throws -> Bool {
        try read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT 1 FROM outbox WHERE client_message_id = ? AND status = 'pending'")
            return try Int.fetchOne(statement, arguments: [id.description]) != nil
        }
    }

    /// Of these, those that were sent to that recipient.
    public func sent(_ ids: [ClientMessageID], to recipient: ULID) throws -> Set<ClientMessageID> {
        try read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT 1 FROM outbox WHERE client_message_id = ? AND kind = 'dm' AND ref = ?")
            return try Set(
                ids.filter { id in
                    try Int.fetchOne(statement, arguments: [id.description, recipient.description]) != nil
                })
        }
    }

    /// Lanes with messages the broker has not taken.
    public func pendingLanes() throws -> [OutboxRow.Lane] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT DISTINCT kind, ref, priority FROM outbox WHERE status = 'pending'")
                .compactMap { row in
                    guard let destination = Destination(kind: row["kind"], ref: row["ref"]),
                        let priority = Priority(rank: row["priority"])
                    else { return nil }
                    return OutboxRow.Lane(destination: destination, priority: priority)
                }
        }
    }

    /// Messages of a lane the broker has not taken, in order, after `seq`: at most `limit`, and no more once `maxLoadBytes` are read.
    public func pending(in lane: OutboxRow.Lane, after seq: Int64, limit: Int) throws -> [OutboxRow] {
        try read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(OutboxRow.columns) FROM outbox
                    WHERE kind = ? AND ref = ? AND priority = ? AND status = 'pending' AND seq > ? ORDER BY seq LIMIT ?
                    """)
            let arguments: StatementArguments = [
                lane.destination.kind, lane.destination.ref, lane.priority.rank, seq, limit,
            ]
            let cursor = try Row.fetchCursor(statement, arguments: arguments)
            var (rows, bytes) = ([OutboxRow](), 0)
            while bytes < Self.maxLoadBytes, let row = try cursor.next() {
                let message = try OutboxRow(row)
                bytes += message.content.body.utf8.count
                rows.append(message)
            }
            return rows
        }
    }

    /// Of bodies that are read at once.
    static let maxLoadBytes = 4 << 20

    /// Why the oldest waiting message was refused last; nil where none was.
    public func lastRefusal() throws -> String? {
        try read { db in
            try String.fetchOne(
                db,
                sql: """
                    SELECT last_error FROM outbox INDEXED BY outbox_delayed
                    WHERE status = 'pending' AND last_error IS NOT NULL ORDER BY id LIMIT 1
                    """)
        }
    }

    /// Whether this device was ever let in by a broker.
    public func hasMetBroker() throws -> Bool {
        try read { try Bool.fetchOne($0, sql: "SELECT broker_store IS NOT NULL FROM identity") ?? false }
    }

    /// How many messages wait, and how many cannot be sent.
    /// How many messages to that destination wait.
    public func waiting(for destination: Destination) throws -> Int {
        try read { db in
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM outbox WHERE status = 'pending' AND kind = ? AND ref = ?",
                arguments: [destination.kind, destination.ref]) ?? 0
        }
    }

    public func depth() throws -> (pending: Int, dead: Int) {
        try read { db in
            // By their indexes: finished messages stay, and are not looked through.
            let pending = "SELECT count(*) FROM outbox INDEXED BY outbox_pending WHERE status = 'pending'"
            let dead = "SELECT count(*) FROM outbox INDEXED BY outbox_dead WHERE status = 'dead'"
            return (try Int.fetchOne(db, sql: pending) ?? 0, try Int.fetchOne(db, sql: dead) ?? 0)
        }
    }

    /// How many messages their recipients refused.
    public func refusedCount() throws -> Int {
        try read { db in
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM outbox WHERE refused_at IS NOT NULL AND status = 'done'") ?? 0
        }
    }

    // MARK: Access

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        do { return try database.read(body) } catch let error as StoreError { throw KinError(outbox: error) }
    }

    /// Every write goes through here, for it shows whether the disk has room.
    func write(
        _ urgency: GroupCommit.Urgency = .durable, failing failure: GroupCommit.Failure = .alone,
        _ work: @escaping GroupCommit.Work, completion: @escaping @Sendable (StoreError?) -> Void = { _ in }
    ) {
        database.writer.submit(urgency, failing: failure, work) { [usage] error in
            usage.wrote(error)
            completion(error)
        }
    }

    /// As `write`, where contents cease to wait: `work` returns their bytes.
    func writeReleasing(
        _ urgency: GroupCommit.Urgency = .durable, _ work: @escaping @Sendable (Database) throws -> Int64,
        completion: @escaping @Sendable (StoreError?) -> Void = { _ in }
    ) {
        let released = Released()
        write(urgency) { db in
            let bytes = try work(db)
            released.bytes.withLock { $0 = bytes }
        } completion: { [usage] error in
            if error == nil { usage.release(released.bytes.withLock { $0 }) }
            completion(error)
        }
    }

    private final class Released: Sendable {
        let bytes = Mutex<Int64>(0)
    }
}
