/// Bounds of what a relay keeps and takes, whatever outsiders do (docs/protocol/registry.md).
///
/// What is bounded for an address is so for all of an IPv6 /64, and not for loopback.
public struct RelayLimits: Hashable, Sendable {
    /// Slots under one route id, those in their grace included. As many again are kept for devices that were here before.
    public var machinesPerRoute = 256
    /// Of those, slots taken from one address.
    public var machinesPerRouteAndAddress = 64
    public var blobBytes = 8192
    public var controlMessageBytes = 262_144
    /// How long a blob is served after its device disconnected.
    public var graceMilliseconds: Int64 = 10_000
    public var connectionsPerSecondPerAddress = 20
    /// Open connections of one address, whatever they are for; never more than a quarter of `connections`.
    public var connectionsPerAddress = 512
    /// Open connections of all; a server has fewer where it may open fewer files.
    public var connections = 65_536
    /// Slots, blobs, unfinished messages, large answers, links and rooms together; above it new ones are refused by 503.
    public var memoryBytes = 512 << 20
    /// Slots without a device whose registration secret is still known; the longest gone is forgotten first. About 200
    /// bytes each, besides `memoryBytes`.
    public var knownSecrets = 65_536
    /// More replacements of one slot than this within `flapMilliseconds` are flapping.
    public var flapReplacements = 3
    public var flapMilliseconds: Int64 = 30_000

    /// Links to one device, those that wait for it included.
    public var linksPerDevice = 128
    /// Links that one address asked for, to whatever device.
    public var linksPerAddress = 64
    /// How long a device has to answer, and its session lives.
    public var attachMilliseconds: Int64 = 10_000
    /// The largest message of Noise.
    public var linkFrameBytes = 65_535
    /// What may wait for one side of a link to take it.
    public var linkBufferBytes = 262_144
    /// How long a side may leave more than half of that waiting.
    public var slowReaderMilliseconds: Int64 = 10_000
    public var rooms = 1024
    public var roomMilliseconds: Int64 = 600_000
    /// Rooms that one address (IPv6: a /64) opened; not of loopback.
    public var roomsPerAddress = 16

    public init() {}

    /// What two connections can have under way at most: each fragments of a frame, another one half read, and what waits for it.
    var splicedBytes: Int { 2 * (2 * linkFrameBytes + linkBufferBytes) }
    /// The same of one that waits alone, and is not read from.
    var waitingBytes: Int { 2 * linkFrameBytes }
    /// Of the memory, what unfinished control messages may take that are longer than a record's.
    var unfinishedBytes: Int { memoryBytes / 4 }
    /// An unfinished message that may be a record's: it counts, and gets its room as a slot does.
    var recordMessageBytes: Int { blobBytes / 3 * 4 + 1024 }
    /// Of the memory, what answers under way may take, all together and of one address.
    var answerBytes: Int { memoryBytes / 8 }
    var answerBytesPerAddress: Int { answerBytes / 4 }
    var openPerAddress: Int { max(1, min(connectionsPerAddress, connections / 4)) }
}
