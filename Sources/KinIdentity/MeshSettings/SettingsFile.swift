import KinEncoding
import KinWire

/// `settings.json`, 0644: the newest settings of the mesh this device has seen, so that no server can take them back.
public enum SettingsFile {
    public static func path(in state: StateFolder) -> String { state.daemon() + "/settings.json" }

    /// What was kept; nil where there is no file.
    public static func read(_ state: StateFolder) throws -> SettingsProof? {
        let path = path(in: state)
        guard let bytes = try StateFolder.read(path) else { return nil }
        do {
            var fields = try Fields(try JSON.parse(bytes), in: "settings.json")
            try fields.version("schema_version")
            let proof = try SettingsProof(json: fields.take("newest"))
            try fields.end()
            return proof
        } catch {
            throw KinError(
                "file_damaged",
                "\(path) is damaged (\(error)): restore it from a backup, or remove it; then the server tells the settings again"
            )
        }
    }

    public static func write(_ newest: SettingsProof, in state: StateFolder) throws {
        let json = JSON.object(["schema_version": .integer(1), "newest": newest.json])
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: path(in: state), mode: 0o644)
    }
}
