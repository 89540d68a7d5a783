/// Where the local API answers besides its Unix socket.
public enum LocalListen: Hashable, Sendable {
    /// Nowhere.
    case socketOnly
    /// On 127.0.0.1.
    /// - port: nil: `defaultPort` where that is free, else any.
    case tcp(port: Int?)

    public static let defaultPort = 7441
}
