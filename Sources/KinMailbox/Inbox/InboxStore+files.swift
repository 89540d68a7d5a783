import GRDB
import KinEncoding
import KinSQLite
import KinWire

/// A file that somebody shared with this device.
public struct ReceivedFile: Hashable, Sendable {
    public var row: InboxRow
    /// In which it was sealed.
    public var mesh: MeshID
    public var file: SharedFile
}

// Files that others shared: messages whose id is the file's.

extension InboxStore {
    /// The file of that id. Of several senders' who took the same id, the first's.
    public func file(_ id: ULID) throws -> ReceivedFile? {
        try read { db in
            try Row.fetchAll(
                db,
                sql:
                    "SELECT * FROM inbox WHERE content_type = '\(SharedFile.contentType)' AND client_message_id = ? ORDER BY id",
                arguments: [id.description]
            ).lazy.compactMap { try? ReceivedFile($0) }.first
        }
    }

    /// The newest by the file's id, below `id` where one is given. What is no file's message is left out.
    public func newestFiles(below id: ULID?, limit: Int) throws -> [ReceivedFile] {
        try read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT * FROM inbox WHERE content_type = '\(SharedFile.contentType)' AND client_message_id < ?
                    ORDER BY client_message_id DESC
                    """, arguments: [id?.description ?? "~"])
            var files: [ReceivedFile] = []
            while files.count < limit, let row = try rows.next() {
                if let file = try? ReceivedFile(row) { files.append(file) }
            }
            return files
        }
    }
}

extension ReceivedFile {
    /// - Throws: where the message is not what it says.
    fileprivate init(_ row: Row) throws {
        let message = try InboxRow(row)
        let file = try SharedFile(canonical: Array(message.body.utf8))
        guard let mesh = MeshID(row["mesh"]), file.file.description == message.clientMessageID.description else {
            throw StoreError(.failed, "the message is of another file")
        }
        self.init(row: message, mesh: mesh, file: file)
    }
}
