/// How much a relay keeps now.
public struct RelayFigures: Hashable, Sendable {
    /// Devices connected.
    public var registrations = 0
    /// Sealed records shown, of devices in their grace too.
    public var shownRecords = 0
    /// Links of two connections.
    public var links = 0
    /// Links that wait for their device.
    public var pendingLinks = 0
    /// Pairing rooms of two.
    public var rooms = 0
    /// Pairing rooms where one waits.
    public var waitingRooms = 0
    /// As `RelayLimits.memoryBytes` counts them.
    public var bytes = 0

    public init(
        registrations: Int = 0, shownRecords: Int = 0, links: Int = 0, pendingLinks: Int = 0, rooms: Int = 0,
        waitingRooms: Int = 0, bytes: Int = 0
    ) {
        self.registrations = registrations
        self.shownRecords = shownRecords
        self.links = links
        self.pendingLinks = pendingLinks
        self.rooms = rooms
        self.waitingRooms = waitingRooms
        self.bytes = bytes
    }
}
