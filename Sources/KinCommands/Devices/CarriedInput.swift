import KinIdentity
import KinWire

/// Text that was carried here: in a file, or on standard input.
enum CarriedInput {
    private static let usualLimit = 64 << 10

    /// - Parameter name: a file's, or `-`.
    static func read(_ name: String, _ context: CommandContext, limit: Int = usualLimit) throws -> String {
        guard name != "-" else {
            return try context.terminal.readAll(limit: limit).withBytes { String(decoding: $0, as: UTF8.self) }
        }
        let path = name.hasPrefix("/") ? name : context.workingFolder + "/" + name
        guard let bytes = try StateFolder.read(path, limit: limit) else {
            throw KinError("file_not_found", "\(name) is not there", category: .notFound)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
