/// The processes of the demo: one server and three devices of one family.
public enum DemoPart: String, Hashable, Sendable, CaseIterable {
    case server, laptop, studio, kiosk

    static let devices: [DemoPart] = [.laptop, .studio, .kiosk]

    /// Those that are killed while the messages flow.
    static let killed: [DemoPart] = [.studio, .laptop, .server]

    /// Neutral, since device names must not reach the server, not even as paths.
    var folder: String {
        switch self {
        case .server: "server"
        case .laptop: "h1"
        case .studio: "h2"
        case .kiosk: "h3"
        }
    }

    /// For people.
    public var title: String { self == .server ? "the server" : "\(rawValue)'s daemon" }
}
