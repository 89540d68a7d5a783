public import KinIdentity
public import KinWire

/// `config.toml`: what the next start should know. Written by `kin up`, edited by people.
public struct DaemonSettings: Hashable, Sendable {
    public var name: DeviceName?
    /// The first is the mesh's broker.
    public var servers: [String]
    /// `[clone] policy`: what to do in a home that was made on another machine.
    public private(set) var clonePolicy = ClonePolicy.refuse

    /// `[vault]`: how long the unlocked vault keeps what.
    public private(set) var vault = VaultSettings()

    /// `[outbox]`: how long and how much may wait.
    public private(set) var outbox = OutboxSettings()
    /// `[inbox]` and `[capabilities]`: how long messages are kept, and whether they can be searched.
    public private(set) var inbox = InboxSettings()
    /// `[features]`: what the broker must offer, and what is asked for.
    public private(set) var features = FeatureSettings()

    /// `[ipc]`: where the local API answers, and whom.
    public private(set) var localAPI = LocalAPISettings()

    /// `[terminals]`: how many may be open, and how much of their output is kept.
    public private(set) var terminals = TerminalSettings()
    /// `[fs]`: what of this machine's files others reach.
    public private(set) var remoteFiles = RemoteFilesSettings()

    /// `[fleet] max_daemons`: how many meshes `kin up --all` starts at most.
    public private(set) var maxDaemons = 8

    private static let keys = [
        "name", "servers", "clone", "vault", "outbox", "inbox", "capabilities", "features", "fleet", "fs", "ipc",
        "terminals",
    ]

    public init(
        name: DeviceName? = nil, servers: [String] = []
    ) {
        self.name = name
        self.servers = servers
    }

    /// Reads the file; defaults where there is none.
    /// - Throws: `config_invalid` with the line, and the nearest known key for an unknown one.
    public init(reading state: StateFolder) throws {
        let bytes = try StateFolder.read(state.configPath) ?? []
        try self.init(String(decoding: bytes, as: UTF8.self), path: state.configPath)
    }

    private init(_ text: String, path: String) throws {
        let table = try SettingsTable(text, path: path)
        try table.expect(Self.keys)
        self.init(
            name: try table.value("name", Self.nameForm) { DeviceName($0) },
            servers: try table.strings("servers", "a list of addresses in quotes") ?? [])
        if let clone = try table.table("clone", ["policy"]) {
            clonePolicy =
                try clone.value("policy", "\"refuse\", \"warn\" or \"allow\"") { ClonePolicy(rawValue: $0) } ?? .refuse
        }
        if let table = try table.table("vault", VaultSettings.keys) { vault = try VaultSettings(table) }
        if let table = try table.table("outbox", OutboxSettings.keys) { outbox = try OutboxSettings(table) }
        if let table = try table.table("inbox", ["max_age_days"]) {
            inbox.maxAgeDays = try table.integer("max_age_days", 1...3650) ?? inbox.maxAgeDays
        }
        if let table = try table.table("ipc", LocalAPISettings.keys) { localAPI = try LocalAPISettings(table) }
        if let table = try table.table("terminals", TerminalSettings.keys) { terminals = try TerminalSettings(table) }
        if let table = try table.table("fs", RemoteFilesSettings.keys) {
            remoteFiles = try RemoteFilesSettings(table)
        }
        if let table = try table.table("fleet", ["max_daemons"]) {
            maxDaemons = try table.integer("max_daemons", 1...64) ?? maxDaemons
        }
        if let table = try table.table("capabilities", ["inbox_fts"]) {
            inbox.isIndexed = try table.bool("inbox_fts") ?? false
        }
        if let table = try table.table("features", FeatureSettings.keys) { features = try FeatureSettings(table) }
    }

    /// What a device's name must be.
    public static let nameRule = "a name is \(nameForm)"
    private static let nameForm = "1 to 63 of a-z 0-9 and -, does not begin with -, and is not all or head"

    /// Writes name and servers; what else the file holds, comments too, stays as it is.
    public func write(to state: StateFolder) throws {
        var text = SettingsText(String(decoding: try StateFolder.read(state.configPath) ?? [], as: UTF8.self))
        let list = servers.map { "\"\($0)\"" }.joined(separator: ", ")
        if servers.isEmpty { text.remove("servers") } else { text.set("servers", to: "[\(list)]") }
        if let name { text.set("name", to: "\"\(name)\"") } else { text.remove("name") }
        let kept = try Self(text.text, path: state.configPath)
        guard kept == self else {
            throw KinError(
                "config_unwritable", "\(state.configPath) cannot be changed: set name and servers in it by hand")
        }
        try StateFolder.write(Array(text.text.utf8), to: state.configPath, mode: 0o644)
    }
}

extension DeviceName {
    /// A name for a machine nobody named: the host's, made to fit.
    static func ofHost(_ hostName: String) -> DeviceName {
        let label = hostName.lowercased().prefix { $0 != "." }
        let letters = label.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let trimmed = String(letters.drop { $0 == "-" }.prefix(63))
        return DeviceName(trimmed) ?? fallback
    }

    private static let fallback: DeviceName = {
        // Nothing from outside comes here: it is this word, which keeps the rule above.
        guard let name = DeviceName("device") else { preconditionFailure("the word device is no device name") }
        return name
    }()
}
