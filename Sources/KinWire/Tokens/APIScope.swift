/// What an API key lets its holder do at a server. An unknown scope is refused, never ignored.
public enum APIScope: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// `POST /v1/messages` for the member the key is bound to.
    case send
    /// Bringing a mesh that the server has not seen.
    case createMesh = "mesh:create"
    /// `GET /metrics`.
    case readMetrics = "metrics:read"

    public var description: String { rawValue }
}
