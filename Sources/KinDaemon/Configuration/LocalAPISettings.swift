import KinWire

/// `[ipc]` of `config.toml`: the local API.
public struct LocalAPISettings: Hashable, Sendable {
    /// `tcp` and `port`; nil: as the surroundings have it.
    public private(set) var listen: LocalListen?
    /// `public_health_check`: whether `GET /v1/health` says over TCP, to whoever asks, that it is well.
    public private(set) var isHealthPublic = false
    /// `allowed_origins`: pages whose requests are not refused for being a page's. They need the token all the same, and cannot read what they get.
    public private(set) var allowedOrigins: [String] = []

    static let keys = ["port", "tcp", "public_health_check", "allowed_origins"]

    public init() {}

    init(_ table: SettingsTable) throws {
        let port = try table.integer("port", 1...65_535)
        switch try table.bool("tcp") {
        case false? where port != nil:
            throw table.invalid("port", "port has no meaning with tcp = false: take one away")
        case false?: listen = .socketOnly
        case true?: listen = .tcp(port: port)
        case nil: listen = port.map { .tcp(port: $0) }
        }
        isHealthPublic = try table.bool("public_health_check") ?? false
        allowedOrigins = try table.strings("allowed_origins", Self.originForm) ?? []
        for origin in allowedOrigins where !Self.isOrigin(origin) {
            throw table.invalid(
                "allowed_origins", item: origin, "\(origin) is none: allowed_origins is \(Self.originForm)")
        }
    }

    private static let originForm = "a list of origins in quotes, as \"http://localhost:3000\""

    /// As browsers write it (RFC 6454, section 6.2): scheme, host in lower case, port where it is not the scheme's own; no path.
    private static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["http://", "https://"].first(where: text.hasPrefix) else { return false }
        let rest = text.dropFirst(scheme.count)
        return !rest.isEmpty
            && rest.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || ".-:[]".utf8.contains(byte)
            }
    }
}
