import Foundation
import GRDB
import KinBroker
import KinEncoding
import KinSQLite
import KinWire
import Synchronization

/// The broker's store in one SQLite file: one row a message, which is dedupe row, message and history at once.
///
/// A member's deliveries are the rows behind its cursor, so a send costs one row whatever happens to it later.
public final class SQLiteBrokerStore: BrokerStore {
    public let identity: [UInt8]
    let database: DurableDatabase
    /// Why sends are refused at the moment.
    private let onChange: @Sendable (StoreError?) -> Void
    private let refusal = Mutex<StoreError?>(nil)

    /// - Parameters:
    ///   - onCommit: told of each group of writes that reached the disk.
    ///   - onChange: called when sends begin to be refused, with the reason, and with nil when they are taken again.
    /// - Throws: `StoreError`.
    public init(
        path: String, onCommit: GroupCommit.Observer? = nil,
        onChange: @escaping @Sendable (StoreError?) -> Void = { _ in }
    ) throws {
        self.onChange = onChange
        database = try DurableDatabase(path: path, migrator: BrokerSchema.migrator, onCommit: onCommit)
        let stored = try database.read { try Data.fetchOne($0, sql: "SELECT store FROM identity") }
        identity = [UInt8](stored ?? Data())
    }

    public func close() { database.close() }

    public func checkWritable() async throws {
        // While sends are refused, as much room as a large one takes must be there.
        let ballast = refusal.withLock { $0 == nil } ? 0 : Self.largeSend
        try await database.writer.write { db in
            try db.execute(sql: "UPDATE probe SET turns = turns + 1, ballast = zeroblob(?)", arguments: [ballast])
        }
        note(nil)
    }

    public func lastMessageID() throws -> Int64 {
        try database.read { try Int64.fetchOne($0, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'message'") ?? 0 }
    }

    public func lastMessageID(before time: Int64) throws -> Int64 {
        try database.read { db in
            // Ids rise with the time they were given at, so that no index is needed: halves what is left, some 40 times at most.
            var (low, high) = (Int64(0), try Int64.fetchOne(db, sql: "SELECT max(id) FROM message") ?? 0)
            let next = try db.cachedStatement(
                sql: "SELECT id, sent_at FROM message WHERE id > ? AND id <= ? ORDER BY id LIMIT 1")
            while low < high {
                let middle = low + (high - low) / 2
                guard let row = try Row.fetchOne(next, arguments: [middle, high]) else {
                    high = middle
                    continue
                }
                let (id, sentAt): (Int64, Int64) = (row["id"], row["sent_at"])
                if sentAt < time { low = id } else { high = middle }
            }
            return low
        }
    }

    public func loadMeshes() throws -> [StoredMesh] {
        try database.read { db in
            try Row.fetchAll(db, sql: "SELECT id, name FROM mesh").map { row in
                guard let mesh = MeshID(row["name"]) else { throw StoreError(.corrupt, "a mesh's name is damaged") }
                let key = MeshKey(rowID: row["id"])
                return StoredMesh(
                    key: key, mesh: mesh, chains: try Self.chains(in: key, db),
                    revocations: try Self.revocations(in: key, db), handovers: try Self.handovers(in: key, db),
                    settings: try Self.settings(of: key, db), topics: try Self.topics(in: key, db))
            }
        }
    }

    private static func chains(in mesh: MeshKey, _ db: Database) throws -> [Chain] {
        try [UInt8].fetchAll(db, "SELECT chain FROM member WHERE mesh = ?", [mesh.rowID]).map { bytes in
            do { return try Chain(canonical: bytes) } catch { throw StoreError(.corrupt, "a stored chain is damaged") }
        }
    }

    private static func revocations(in mesh: MeshKey, _ db: Database) throws -> [RevocationProof] {
        try [UInt8].fetchAll(db, "SELECT proof FROM revocation WHERE mesh = ?", [mesh.rowID]).map { bytes in
            do {
                return try RevocationProof(json: JSON.parse(bytes))
            } catch {
                throw StoreError(.corrupt, "a stored revocation is damaged")
            }
        }
    }

    private static func handovers(in mesh: MeshKey, _ db: Database) throws -> [Handover] {
        let sql = "SELECT handover FROM succession WHERE mesh = ? ORDER BY place"
        return try [UInt8].fetchAll(db, sql, [mesh.rowID]).map { bytes in
            do {
                return try Handover(json: JSON.parse(bytes))
            } catch {
                throw StoreError(.corrupt, "a stored succession is damaged")
            }
        }
    }

    public func put(_ handovers: [Handover], in mesh: MeshKey, completion: @escaping @Sendable (Bool) -> Void) {
        database.writer.submit { db in
            try db.execute(sql: "DELETE FROM succession WHERE mesh = ?", arguments: [mesh.rowID])
            for (place, handover) in handovers.enumerated() {
                try db.execute(
                    sql: "INSERT INTO succession (mesh, place, handover) VALUES (?, ?, ?)",
                    arguments: [mesh.rowID, place, handover.json.canonicalBytes().data])
            }
        } completion: {
            completion($0 == nil)
        }
    }

    private static func settings(of mesh: MeshKey, _ db: Database) throws -> SettingsProof? {
        try [UInt8].fetchAll(db, "SELECT proof FROM settings WHERE mesh = ?", [mesh.rowID]).first.map { bytes in
            do {
                return try SettingsProof(json: JSON.parse(bytes))
            } catch {
                throw StoreError(.corrupt, "stored settings are damaged")
            }
        }
    }

    public func put(_ settings: SettingsProof, in mesh: MeshKey, completion: @escaping @Sendable (Bool) -> Void) {
        database.writer.submit { db in
            try db.execute(
                sql: """
                    INSERT INTO settings (mesh, proof) VALUES (?, ?)
                    ON CONFLICT (mesh) DO UPDATE SET proof = excluded.proof
                    """, arguments: [mesh.rowID, settings.json.canonicalBytes().data])
        } completion: {
            completion($0 == nil)
        }
    }

    public func createMesh(_ mesh: MeshID, now: Int64) async throws -> MeshKey {
        try await database.writer.write { db in
            try db.execute(
                sql: "INSERT INTO mesh (name, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                arguments: [mesh.description, now])
            let id = try Int64.fetchOne(db, sql: "SELECT id FROM mesh WHERE name = ?", arguments: [mesh.description])
            guard let id else { throw StoreError(.failed, "the mesh was not stored") }
            return MeshKey(rowID: id)
        }
    }

    public func put(_ chain: Chain, in mesh: MeshKey) {
        database.writer.submit { db in
            try db.cachedStatement(
                sql: """
                    INSERT INTO member (mesh, member, chain) VALUES (?, ?, ?)
                    ON CONFLICT (mesh, member) DO UPDATE SET chain = excluded.chain
                    """
            ).execute(arguments: [mesh.rowID, chain.member.description, chain.canonicalBytes().data])
        }
    }

    public func put(
        _ revocations: [RevocationProof], replacing old: [RevocationProof], droppingQueuesOf members: [ULID],
        in mesh: MeshKey
    ) {
        database.writer.submit { db in
            for proof in revocations {
                try db.execute(
                    sql: "INSERT INTO revocation (mesh, proof) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    arguments: [mesh.rowID, proof.json.canonicalBytes().data])
            }
            for proof in old {
                try db.execute(
                    sql: "DELETE FROM revocation WHERE mesh = ? AND proof = ?",
                    arguments: [mesh.rowID, proof.json.canonicalBytes().data])
            }
            for member in members {
                // The rows stay, for they recognise repeated sends.
                try db.execute(
                    sql: "UPDATE message SET expires_at = 0, body = x'' WHERE mesh = ? AND ref = ? AND kind = 'dm'",
                    arguments: [mesh.rowID, member.description])
            }
        }
    }

    public func accept(
        _ batch: [Submission], from sender: ULID, in mesh: MeshKey, wary: Bool, now: Int64,
        known: @escaping @Sendable (Submission) -> Void,
        admit: @escaping @Sendable (Submission) -> Refusal?,
        completion: @escaping @Sendable ([Acceptance]) -> Void
    ) {
        let acceptance = BatchAcceptance(sender: sender, mesh: mesh, wary: wary, now: now, known: known, admit: admit)
        database.writer.submit(failing: .group) { db in
            try acceptance.run(batch, db)
        } completion: { [self] error in
            note(error)
            completion(acceptance.answers(after: error, count: batch.count))
        }
    }

    private static let largeSend = 65_536

    /// Says once when sends begin to be refused, and when they are taken again.
    private func note(_ error: StoreError?) {
        let before = refusal.withLock { refusal in
            defer { refusal = error }
            return refusal
        }
        if before?.code != error?.code { onChange(error) }
    }

    public func pending(
        for recipient: ULID, in mesh: MeshKey, priority: Priority, topics: [Subscription], after position: Int64,
        limit: Int, maxBytes: Int
    ) throws -> [StoredMessage] {
        try database.read { db in
            var logs = [try ForwardLog(to: recipient, priority, after: position, limit: limit, in: mesh, db)]
            for topic in topics {
                logs.append(try ForwardLog(topic, readBy: recipient, priority, after: position, in: mesh, db))
            }
            var messages: [StoredMessage] = []
            var bytes = 0
            while messages.count < limit, let oldest = logs.indices.min(by: { logs[$1].isNewer(than: logs[$0]) }),
                let message = try logs[oldest].message()
            {
                bytes += message.body.count
                if bytes > maxBytes && !messages.isEmpty { break }
                messages.append(message)
                try logs[oldest].advance()
            }
            return messages
        }
    }

    public func positions(of recipient: ULID, in mesh: MeshKey) throws -> [Int64] {
        try database.read { db in
            var positions = [Int64](repeating: 0, count: Priority.allCases.count)
            let rows = try Row.fetchAll(
                db, sql: "SELECT priority, position FROM cursor WHERE mesh = ? AND member = ?",
                arguments: [mesh.rowID, recipient.description])
            for row in rows {
                let rank: Int = row["priority"]
                if positions.indices.contains(rank) { positions[rank] = row["position"] }
            }
            return positions
        }
    }

    public func advance(_ recipient: ULID, in mesh: MeshKey, current: @escaping @Sendable () -> [Int64]) {
        database.writer.submit(.rider, failing: .group) { db in
            let upsert = try db.cachedStatement(
                sql: """
                    INSERT INTO cursor (mesh, member, priority, position) VALUES (?, ?, ?, ?)
                    ON CONFLICT (mesh, member, priority) DO UPDATE SET position = excluded.position
                    WHERE excluded.position > position
                    """)
            for (rank, position) in current().enumerated() where position > 0 {
                try upsert.execute(arguments: [mesh.rowID, recipient.description, rank, position])
            }
        }
    }
}

extension StoredMessage {
    init(_ row: Row, destination: Destination, priority: Priority) throws {
        guard let sender = ULID(row["sender"]), let id = ClientMessageID(row["client_message_id"]) else {
            throw StoreError(.corrupt, "a stored message is damaged")
        }
        let counter: Int64? = row["epoch_counter"]
        let minter: String? = row["epoch_minter"]
        let epoch = counter.flatMap { counter in
            minter.flatMap { ULID($0) }.map { Epoch(counter: counter, minter: $0) }
        }
        self.init(
            push: Push(
                brokerMessageID: row["id"], clientMessageID: id, sender: sender, line: row["line"].bytes,
                seq: row["seq"], destination: destination, priority: priority, sentAt: row["sent_at"], epoch: epoch),
            expiresAt: row["expires_at"], body: row["body"].bytes)
    }
}
