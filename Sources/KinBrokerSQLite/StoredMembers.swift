import Foundation
import GRDB
import KinEncoding
import KinSQLite
import KinWire

/// Reads a broker's file beside the server that owns it, without changing it.
public enum StoredMembers {
    /// The meshes that know a member of this id; none where there is no file yet.
    /// - Throws: `StoreError`.
    public static func meshes(of member: ULID, in path: String) throws -> [MeshID] {
        guard access(path, F_OK) == 0 else { return [] }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let names = try DatabaseQueue(path: path, configuration: configuration).read { db in
                try String.fetchAll(
                    db, sql: "SELECT name FROM mesh JOIN member ON member.mesh = mesh.id WHERE member.member = ?",
                    arguments: [member.description])
            }
            return names.compactMap { MeshID($0) }
        } catch {
            throw StoreError(.failed, "\(path) cannot be read")
        }
    }
}
