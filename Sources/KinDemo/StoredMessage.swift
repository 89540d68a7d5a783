import Foundation
import GRDB
import KinWire

/// One message as the server keeps it.
public struct StoredMessage: Hashable, Sendable {
    public let clientMessageID: String
    /// The body in the server's store.
    public let bytes: [UInt8]

    /// Reads the broker's database beside the running server.
    /// - Throws: `demo_store`.
    init(_ clientMessageID: String, inStoreAt path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let body: Data?
        do {
            body = try DatabaseQueue(path: path, configuration: configuration).read { db in
                try Data.fetchOne(
                    db, sql: "SELECT body FROM message WHERE client_message_id = ?", arguments: [clientMessageID])
            }
        } catch {
            throw KinError("demo_store", "\(path) cannot be read: \(error)")
        }
        guard let body else { throw KinError("demo_store", "the server has no message \(clientMessageID)") }
        self.clientMessageID = clientMessageID
        bytes = Array(body)
    }
}
