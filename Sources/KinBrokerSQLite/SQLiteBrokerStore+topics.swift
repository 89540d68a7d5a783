import Foundation
import GRDB
import KinBroker
import KinEncoding
import KinSQLite
import KinWire

extension SQLiteBrokerStore {
    public func put(_ change: TopicChange, in mesh: MeshKey, completion: @escaping @Sendable (Bool) -> Void) {
        let name = change.name.description
        database.writer.submit { db in
            try db.execute(
                sql: """
                    INSERT INTO topic (mesh, name, proof, min_epoch) VALUES (?, ?, ?, ?) ON CONFLICT (mesh, name)
                    DO UPDATE SET proof = excluded.proof, min_epoch = max(min_epoch, excluded.min_epoch)
                    """,
                arguments: [mesh.rowID, name, change.proof?.json.canonicalBytes().data, change.minEpoch])
            for (member, since) in change.joining {
                try db.execute(
                    sql:
                        "INSERT INTO topic_member (mesh, topic, member, since) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    arguments: [mesh.rowID, name, member.description, since])
            }
            if let rewinding = change.rewinding {
                try db.execute(
                    sql: "UPDATE cursor SET position = min(position, ?) WHERE mesh = ? AND member = ?",
                    arguments: [rewinding.to, mesh.rowID, rewinding.member.description])
            }
            if change.isOver {
                try db.execute(sql: "DELETE FROM topic WHERE mesh = ? AND name = ?", arguments: [mesh.rowID, name])
                try db.execute(
                    sql: "DELETE FROM topic_member WHERE mesh = ? AND topic = ?", arguments: [mesh.rowID, name])
            }
            for member in change.leaving {
                try db.execute(
                    sql: "DELETE FROM topic_member WHERE mesh = ? AND topic = ? AND member = ?",
                    arguments: [mesh.rowID, name, member.description])
            }
        } completion: {
            completion($0 == nil)
        }
    }

    static func topics(in mesh: MeshKey, _ db: Database) throws -> [StoredTopic] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT name, proof, min_epoch, epoch FROM topic WHERE mesh = ?", arguments: [mesh.rowID])
        return try rows.map { row in
            guard let name = TopicName(row["name"]) else { throw StoreError(.corrupt, "a topic's name is damaged") }
            let proof: Data? = row["proof"]
            return StoredTopic(
                name: name, proof: try proof.map { try Self.proof([UInt8]($0)) }, minEpoch: row["min_epoch"],
                epoch: row["epoch"], members: try members(of: name, in: mesh, db),
                last: try last(of: name, in: mesh, db))
        }
    }

    private static func proof(_ bytes: [UInt8]) throws -> TopicProof {
        do { return try TopicProof(json: JSON.parse(bytes)) } catch {
            throw StoreError(.corrupt, "a stored topic list is damaged")
        }
    }

    private static func members(of topic: TopicName, in mesh: MeshKey, _ db: Database) throws -> [ULID: Int64] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT member, since FROM topic_member WHERE mesh = ? AND topic = ?",
            arguments: [mesh.rowID, topic.description])
        var members: [ULID: Int64] = [:]
        for row in rows {
            guard let member = ULID(row["member"]) else { throw StoreError(.corrupt, "a topic's member is damaged") }
            members[member] = row["since"]
        }
        return members
    }

    private static func last(of topic: TopicName, in mesh: MeshKey, _ db: Database) throws -> [Int64] {
        try Priority.allCases.map { priority in
            try Int64.fetchOne(
                db, sql: "SELECT max(id) FROM message WHERE mesh = ? AND ref = ? AND kind = 'topic' AND priority = ?",
                arguments: [mesh.rowID, topic.description, priority.rank]) ?? 0
        }
    }
}
