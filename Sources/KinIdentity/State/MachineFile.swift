import KinCrypto
import KinEncoding
import KinWire

/// `device.json`, 0600: the installation's random machine id, made once.
public enum MachineFile {
    /// Reads the machine id, or makes and writes one.
    public static func load(in state: StateFolder) throws -> MachineID {
        let path = state.path("device.json")
        guard let bytes = try StateFolder.readSecret(path)?.withBytes({ Array($0) }) else {
            return try create(in: state)
        }
        guard case .object(let members)? = try? JSON.parse(bytes), case .string(let text)? = members["machine_id"],
            let machineID = MachineID(text)
        else {
            throw KinError(
                "file_damaged", "\(path) is damaged: restore it from a backup, or remove it to become a new machine")
        }
        return machineID
    }

    private static func create(in state: StateFolder) throws -> MachineID {
        let machineID = try random()
        try write(machineID, in: state)
        return machineID
    }

    static func random() throws -> MachineID {
        guard let machineID = MachineID(Hex.encode(Random.bytes(8))) else {
            throw KinError("machine_id_invalid", "no machine id could be made")
        }
        return machineID
    }

    static func write(_ machineID: MachineID, in state: StateFolder) throws {
        let json = JSON.object(["machine_id": .text(machineID), "schema_version": .integer(1)])
        try StateFolder.write(
            json.canonicalBytes() + [UInt8(ascii: "\n")], to: state.path("device.json"), mode: 0o600)
    }
}
