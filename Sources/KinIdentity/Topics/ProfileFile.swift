import KinEncoding
import KinWire

/// `profiles.json`, 0600: what this device says of itself, and what others have said.
public struct ProfileFile: Hashable, Sendable {
    public static let maxOthers = 4096

    /// What this device says of itself; nil before it was named.
    public var own: Profile?
    /// Members that have been told it.
    public var told: Set<ULID>
    public var others: [ULID: Profile]

    public init(own: Profile? = nil, told: Set<ULID> = [], others: [ULID: Profile] = [:]) {
        self.own = own
        self.told = told
        self.others = others
    }

    private static func path(in state: StateFolder) -> String { state.daemon() + "/profiles.json" }

    /// What was kept; empty where there is no file.
    /// - Throws: `file_damaged`.
    public init(reading state: StateFolder) throws {
        self.init()
        let path = Self.path(in: state)
        guard let bytes = try StateFolder.read(path, limit: 16 << 20) else { return }
        do {
            var fields = try Fields(try JSON.parse(bytes), in: "profiles.json")
            try fields.version("schema_version")
            own = try fields.nullable("own") { fields, name throws(WireError) in
                try Profile(json: fields.take(name))
            }
            told = Set(try fields.list("told", atMost: Int.max, as: "a ULID") { ULID($0) })
            guard case .object(let members) = try fields.take("others") else {
                throw fields.refusal("others", "is lost")
            }
            for (id, json) in members {
                guard let member = ULID(id) else { throw fields.refusal("others", "must be by member id") }
                others[member] = try Profile(json: json)
            }
            try fields.end()
        } catch {
            throw KinError(
                "file_damaged",
                "\(path) is damaged (\(error)): remove it; the others' profiles come again when they change")
        }
    }

    public func write(in state: StateFolder) throws {
        let others = Dictionary(uniqueKeysWithValues: others.map { ($0.key.description, $0.value.json) })
        let json = JSON.object([
            "schema_version": .integer(1), "own": .orNull(own) { $0.json },
            "told": .array(told.map(\.description).sorted().map { .string($0) }), "others": .object(others),
        ])
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: Self.path(in: state), mode: 0o600)
    }
}
