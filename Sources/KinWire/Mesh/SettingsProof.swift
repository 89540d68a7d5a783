import KinEncoding

/// Settings of a mesh with the chain of the owner device that signed them: the frame `settings`, both ways (docs/protocol/mesh.md, "Settings").
public struct SettingsProof: Hashable, Sendable {
    public var settings: MeshSettings
    public var owner: Chain

    public init(settings: MeshSettings, owner: Chain) {
        self.settings = settings
        self.owner = owner
    }

    init(_ fields: inout Fields) throws(WireError) {
        settings = try MeshSettings(json: fields.take("settings"))
        owner = try fields.chain("owner")
    }

    /// Reads what was kept.
    public init(json: JSON) throws(WireError) {
        var fields = try Fields(json, in: "settings proof")
        try self.init(&fields)
        try fields.end()
    }

    public var json: JSON { .object(members) }

    var members: [String: JSON] { ["settings": settings.json, "owner": owner.json] }
}
