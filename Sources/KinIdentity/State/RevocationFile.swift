import KinEncoding
import KinWire

/// `revocations.json`, 0644: the revocation log of one mesh as this device knows it.
public enum RevocationFile {
    /// Far above the longest log.
    private static let maxBytes = 64 << 20

    /// The entries kept; none where there is no file.
    public static func read(_ path: String) throws -> [RevocationProof] {
        guard let bytes = try StateFolder.read(path, limit: maxBytes) else { return [] }
        do {
            guard case .object(let members) = try JSON.parse(bytes), case .array(let entries)? = members["entries"]
            else {
                throw KinError("file_damaged", "no entries")
            }
            return try entries.map { try RevocationProof(json: $0) }
        } catch {
            throw KinError(
                "file_damaged",
                "\(path) is damaged (\(error)): restore it from a backup, or remove it; the other devices tell it again"
            )
        }
    }

    public static func write(_ log: RevocationLog, to path: String) throws {
        let json = JSON.object(["entries": .array(log.entries.map(\.json))])
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: path, mode: 0o644)
    }
}
