import KinIdentity
import KinWire

/// Text that was carried here: in a file, on standard input, or, where it is no secret, as it is.
enum CarriedInput {
    private static let usualLimit = 64 << 10

    /// - Parameters:
    ///   - name: a file's, or `-`.
    ///   - prefix: how the text begins, where it may stand in the place of a file's name.
    ///   - limit: bytes.
    static func read(
        _ name: String, orTextWith prefix: String? = nil, _ context: CommandContext, limit: Int = usualLimit
    ) throws -> String {
        if let prefix, name.hasPrefix(prefix) { return name }
        guard !name.hasPrefix(JoinTicket.prefix) else {
            throw KinError(
                "secret_argument",
                "a join credential is a secret, and every user of this machine sees arguments: put it into a file, or into KINDRED_JOIN",
                category: .usage)
        }
        guard name != "-" else {
            return try context.terminal.readAll(limit: limit).withBytes { String(decoding: $0, as: UTF8.self) }
        }
        guard let bytes = try StateFolder.read(context.path(name), limit: limit) else {
            throw KinError("file_not_found", "\(name) is not there", category: .notFound)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
