import KinCrypto
import KinEncoding
import KinWire

/// `device.json`, 0600: the installation's random machine id, made once.
public enum MachineFile {
    /// Reads the machine id, or makes and writes one.
    public static func load(in state: StateFolder) throws -> MachineID {
        let path = state.path("device.json")
        guard let bytes = try StateFolder.readSecret(path)?.withBytes({ Array($0) }) else {
            return try create(at: path)
        }
        guard case .object(let members)? = try? JSON.parse(bytes), case .string(let text)? = members["machine_id"],
            let machineID = MachineID(text)
        else {
            throw KinError(
                "file_damaged", "\(path) is damaged: restore it from a backup, or remove it to become a new machine")
        }
        return machineID
    }

    private static func create(at path: String) throws -> MachineID {
        let text = Hex.encode(Random.bytes(8))
        guard let machineID = MachineID(text) else {
            throw KinError("machine_id_invalid", "no machine id could be made")
        }
        let json = JSON.object(["machine_id": .string(text), "schema_version": .integer(1)])
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: path, mode: 0o600)
        return machineID
    }
}
