import KinEncoding

/// A text message on a device's control socket (docs/protocol/registry.md).
public enum RelayMessage: Hashable, Sendable {
    public static let maxBytes = 262_144

    /// Relay → device: the slot is held.
    case ready
    /// Device → relay: the sealed record to show.
    case registry(blob: [UInt8])
    /// Relay → device: a link wants in. 16 bytes.
    case attach(session: [UInt8])

    public init(json bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.maxBytes else {
            throw .invalid("a control message is at most \(Self.maxBytes) bytes")
        }
        let json: JSON
        do { json = try JSON.parse(bytes) } catch { throw .invalid(error.message) }
        var fields = try Fields(json, in: "control message")
        switch try fields.string("type", maxBytes: 64) {
        case "ready": self = .ready
        case "registry":
            self = .registry(
                blob: try fields.parsed("registry", maxBytes: Self.maxBytes, as: "base64") { try? Base64.decode($0) })
        case "attach": self = .attach(session: try fields.hex("session", bytes: 16))
        default: throw WireError(code: "unknown_message_type", message: "no control message of this type is known")
        }
        try fields.end()
    }

    public func canonicalBytes() -> [UInt8] {
        let members: [String: JSON]
        switch self {
        case .ready: members = ["type": .string("ready")]
        case .registry(let blob): members = ["type": .string("registry"), "registry": .string(Base64.encode(blob))]
        case .attach(let session): members = ["type": .string("attach"), "session": .hex(session)]
        }
        return JSON.object(members).canonicalBytes()
    }
}

/// One entry of `GET /registry`.
public struct RegistryEntry: Hashable, Sendable {
    public var machineID: MachineID
    public var blob: [UInt8]

    public init(machineID: MachineID, blob: [UInt8]) {
        self.machineID = machineID
        self.blob = blob
    }

    /// Reads the whole answer.
    public static func list(json bytes: [UInt8]) throws(WireError) -> [RegistryEntry] {
        let json: JSON
        do { json = try JSON.parse(bytes) } catch { throw .invalid(error.message) }
        guard case .array(let items) = json, items.count <= 1024 else {
            throw .invalid("a registry answer is an array of at most 1024 entries")
        }
        var entries: [RegistryEntry] = []
        for item in items {
            var fields = try Fields(item, in: "registry entry")
            let machineID = try fields.machineID()
            let blob = try fields.parsed("blob", maxBytes: 16_384, as: "base64") { try? Base64.decode($0) }
            entries.append(RegistryEntry(machineID: machineID, blob: blob))
        }
        return entries
    }

    /// The whole answer.
    public static func canonicalBytes(of entries: [RegistryEntry]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(canonicalCount(of: entries))
        bytes.append(UInt8(ascii: "["))
        for (index, entry) in entries.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            entry.append(to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    /// How many `canonicalBytes(of:)` are.
    public static func canonicalCount(of entries: [RegistryEntry]) -> Int {
        let names = #"{"blob":"","machine_id":"0123456789abcdef"},"#.utf8.count
        return entries.reduce(entries.isEmpty ? 2 : 1) { $0 + names + ($1.blob.count + 2) / 3 * 4 }
    }

    /// Of this entry alone.
    public func canonicalBytes() -> [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    /// Written by hand and in place, as relays are asked for it often: neither base64 nor hex has anything to escape.
    private func append(to bytes: inout [UInt8]) {
        bytes += Self.beforeBlob
        Base64.append(blob, to: &bytes)
        bytes += Self.afterBlob
        bytes += machineID.description.utf8
        bytes += Self.afterMachine
    }

    private static let beforeBlob = Array(#"{"blob":""#.utf8)
    private static let afterBlob = Array(#"","machine_id":""#.utf8)
    private static let afterMachine = Array(#""}"#.utf8)
}
