/// Bounds of what a relay keeps and takes, whatever outsiders do (docs/protocol/registry.md).
public struct RelayLimits: Sendable {
    /// Slots under one route id, those in their grace included.
    public var machinesPerRoute = 256
    public var blobBytes = 8192
    public var controlMessageBytes = 262_144
    /// How long a blob is served after its device disconnected.
    public var graceMilliseconds: Int64 = 10_000
    public var connectionsPerSecondPerAddress = 20
    /// Slots and blobs together; above it new ones are refused by 503.
    public var memoryBytes = 256 << 20
    /// Slots without a device whose registration secret is still known; the longest gone is forgotten first. About 200
    /// bytes each, besides `memoryBytes`.
    public var knownSecrets = 65_536
    /// More replacements of one slot than this within `flapMilliseconds` are flapping.
    public var flapReplacements = 3
    public var flapMilliseconds: Int64 = 30_000

    public init() {}
}
