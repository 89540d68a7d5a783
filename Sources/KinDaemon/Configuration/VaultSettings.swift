public import KinVault

/// `[vault]` of `config.toml`.
public struct VaultSettings: Hashable, Sendable {
    /// Minutes without use after which the vault locks; 0: never.
    public var autolockMinutes = 15
    /// Derived keys kept at most.
    public var cacheEntries = 64
    /// Minutes a derived key is kept.
    public var cacheMinutes = 60

    static let keys = ["autolock_minutes", "cache_entries", "cache_minutes"]

    public init() {}

    init(_ table: SettingsTable) throws {
        autolockMinutes = try table.integer("autolock_minutes", 0...525_600) ?? autolockMinutes
        cacheEntries = try table.integer("cache_entries", 0...4096) ?? cacheEntries
        cacheMinutes = try table.integer("cache_minutes", 0...525_600) ?? cacheMinutes
    }

    public var limits: VaultService.Limits {
        VaultService.Limits(
            cacheCapacity: cacheEntries, cacheLifetime: Int64(cacheMinutes) * 60_000,
            idle: autolockMinutes == 0 ? nil : Int64(autolockMinutes) * 60_000)
    }
}
