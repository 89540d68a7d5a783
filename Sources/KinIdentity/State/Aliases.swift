import KinEncoding
public import KinWire

/// `aliases.json`, 0600: what this device calls others, here alone. An alias is one member's, and a member has at most one.
public struct Aliases: Hashable, Sendable {
    public static let most = 4096

    private var names: [ULID: DeviceName] = [:]
    private var members: [String: ULID] = [:]

    public init() {}

    public func name(of member: ULID) -> DeviceName? { names[member] }

    public func member(called name: String) -> ULID? { members[name] }

    /// - Parameter name: nil: it goes by its own name again.
    /// - Throws: `alias_taken`; `aliases_full`.
    public mutating func set(_ name: DeviceName?, for member: ULID) throws {
        if let name, let other = members[name.description], other != member {
            throw KinError(
                "alias_taken",
                "\(name) is what another device is called here: choose another, or take it from that one",
                category: .conflict, detail: ["member": .text(other)])
        }
        guard name == nil || names[member] != nil || names.count < Self.most else {
            throw KinError(
                "aliases_full", "\(Self.most) devices have an alias here: take one away first", category: .conflict)
        }
        if let former = names.removeValue(forKey: member) { members[former.description] = nil }
        guard let name else { return }
        names[member] = name
        members[name.description] = member
    }

    /// What was kept; empty where there is no file.
    /// - Throws: `file_damaged`; `loose_mode`.
    public init(reading state: StateFolder) throws {
        guard let bytes = try StateFolder.readSecret(state.aliasesPath)?.withBytes({ Array($0) }) else { return }
        do {
            var fields = try Fields(try JSON.parse(bytes), in: "aliases.json")
            try fields.version("schema_version")
            guard case .object(let entries) = try fields.take("aliases") else {
                throw fields.refusal("aliases", "must be by member id")
            }
            for (id, json) in entries {
                guard let member = ULID(id), case .string(let text) = json, let name = DeviceName(text) else {
                    throw fields.refusal("aliases", "must be names by member id")
                }
                try set(name, for: member)
            }
            try fields.end()
        } catch {
            throw KinError(
                "file_damaged",
                "\(state.aliasesPath) is damaged (\(error)): mend or remove it; without it devices go by their own names"
            )
        }
    }

    public func write(to state: StateFolder) throws {
        let entries = Dictionary(uniqueKeysWithValues: names.map { ($0.key.description, JSON.text($0.value)) })
        let json = JSON.object(["schema_version": .integer(1), "aliases": .object(entries)])
        try StateFolder.write(json.canonicalBytes() + [UInt8(ascii: "\n")], to: state.aliasesPath, mode: 0o600)
    }
}
