import Foundation
import KinSQLite
public import KinWire

extension InboxStore {
    /// From then on the next opening knows of damage that it might not see itself.
    /// - Parameter handler: called once, with the first damage that a read or write meets; from any thread.
    public func onDamage(_ handler: @escaping @Sendable (KinError) -> Void) {
        database.damage.onFirst { [mark = DamageMark(path: database.path)] error in
            mark.set()
            handler(KinError(inbox: error))
        }
    }
}

/// A file beside an inbox that was found damaged while it was in use: a check at the start need not see everything.
struct DamageMark {
    /// The inbox's.
    let path: String

    private var file: String { path + ".damaged" }

    /// Where that cannot be written the next opening checks as always.
    func set() {
        _ = FileManager.default.createFile(atPath: file, contents: nil, attributes: [.posixPermissions: 0o600])
    }

    /// Whether it is about a file that is there still.
    var isSet: Bool {
        FileManager.default.fileExists(atPath: file) && FileManager.default.fileExists(atPath: path)
    }

    /// - Throws: `StoreError`.
    func remove() throws { try DatabaseFiles(file).remove() }
}
