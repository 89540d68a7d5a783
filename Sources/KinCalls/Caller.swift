public import KinEncoding
public import KinWire

/// Who is at the other end of a stream: settled once, before the first call.
public enum Caller: Hashable, Sendable {
    /// Somebody who may use this daemon's local API.
    case local
    /// A device, by the certificate that its link proved.
    case device(member: ULID, machineID: MachineID, role: Role, scopes: [Scope])

    /// Whether it may call everything: the user, on whichever machine of the family.
    public var isOwner: Bool {
        switch self {
        case .local: true
        case .device(_, _, let role, _): role == .owner
        }
    }
}
