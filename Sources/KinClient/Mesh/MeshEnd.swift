import KinWire

/// Why a session with the broker ended.
public enum MeshEnd: Error, Hashable, Sendable {
    /// The connection was lost, or never came about: try again.
    case lost(String)
    /// The broker refused the hello; `code` as in docs/protocol/mesh.md. Trying again helps once the cause is mended.
    case refused(code: String, message: String)
    /// Trying again would do harm, or cannot help: the daemon ends.
    case fatal(KinError)

    /// One line for people.
    public var reason: String {
        switch self {
        case .lost(let reason): reason
        case .refused(let code, let message): "\(message) (\(code))"
        case .fatal(let error): error.description
        }
    }

    /// What a refusal is called; nil where the connection just ended.
    public var code: String? {
        switch self {
        case .lost: nil
        case .refused(let code, _): code
        case .fatal(let error): error.code
        }
    }

    /// What the broker's close frame means.
    static func closed(code: UInt16?, reason: String) -> MeshEnd {
        switch code.flatMap(CloseCode.init) {
        case .replacedByNewerConnection:
            fatal(
                "replaced_by_newer_connection",
                "another daemon connected as this device and took over: is its folder copied to a second machine?")
        case .memberAlreadyConnected:
            fatal(
                "member_already_connected",
                "another daemon is connected as this device, and the family prefers the older: this one ends")
        case .memberRevoked:
            // A server's word alone ends no device: the daemon stops when it has seen the entry itself.
            .refused(
                code: "member_revoked",
                message: "the server says that this device was revoked, and shows no valid proof of it")
        default: .lost(reason.isEmpty ? "the server closed the connection" : reason)
        }
    }

    private static func fatal(_ code: String, _ message: String) -> MeshEnd {
        .fatal(KinError(code, message, category: .refused))
    }
}
