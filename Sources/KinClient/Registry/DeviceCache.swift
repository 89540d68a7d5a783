import KinEncoding
import KinIdentity
import KinWire

/// A device's sealed record as last seen.
public struct CachedDevice: Hashable, Sendable {
    public var machineID: MachineID
    public var blob: [UInt8]
    /// Milliseconds.
    public var lastSeen: Int64
    /// The newest `ts` that each server showed, seconds.
    public var newest: [ServerAddress: Int64]

    public init(machineID: MachineID, blob: [UInt8], lastSeen: Int64, newest: [ServerAddress: Int64] = [:]) {
        self.machineID = machineID
        self.blob = blob
        self.lastSeen = lastSeen
        self.newest = newest
    }
}

/// `devices.json`, 0600: sealed records of the devices seen, so that offline machines show too and nothing is announced twice.
public enum DeviceCache {
    /// What the file holds; empty where there is none or it is damaged, for relays fill it again.
    public static func read(_ state: StateFolder) throws -> [CachedDevice] {
        guard let bytes = try StateFolder.readSecret(path(state))?.withBytes({ Array($0) }),
            case .object(let members)? = try? JSON.parse(bytes), case .array(let items)? = members["devices"]
        else { return [] }
        return items.compactMap { item in
            guard case .object(let device) = item, case .string(let id)? = device["machine_id"],
                let machineID = MachineID(id), case .string(let text)? = device["blob"],
                let blob = try? Base64.decode(text), case .integer(let lastSeen)? = device["last_seen"]
            else { return nil }
            return CachedDevice(machineID: machineID, blob: blob, lastSeen: lastSeen, newest: newest(device["newest"]))
        }
    }

    /// Of what an earlier version wrote nothing is known.
    private static func newest(_ json: JSON?) -> [ServerAddress: Int64] {
        guard case .object(let times)? = json else { return [:] }
        var newest: [ServerAddress: Int64] = [:]
        for (origin, time) in times {
            if let server = try? ServerAddress(origin), case .integer(let ts) = time { newest[server] = ts }
        }
        return newest
    }

    public static func write(_ devices: [CachedDevice], to state: StateFolder) throws {
        let items = devices.map { device in
            JSON.object([
                "machine_id": .string(device.machineID.description), "blob": .string(Base64.encode(device.blob)),
                "last_seen": .integer(device.lastSeen),
                "newest": .object(
                    Dictionary(uniqueKeysWithValues: device.newest.map { ($0.key.origin, .integer($0.value)) })),
            ])
        }
        let json = JSON.object(["devices": .array(items), "schema_version": .integer(1)])
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: path(state), mode: 0o600)
    }

    private static func path(_ state: StateFolder) -> String { state.devicesPath }
}
