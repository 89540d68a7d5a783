import KinEncoding

/// One member of one mesh, written `<member>@<slug>@<wallet address>`.
public struct MeshMember: Hashable, Sendable, CustomStringConvertible {
    public let mesh: MeshID
    public let member: ULID

    public init(mesh: MeshID, member: ULID) {
        self.mesh = mesh
        self.member = member
    }

    public init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let member = ULID(String(parts[0])), let mesh = MeshID(String(parts[1])) else {
            return nil
        }
        self.init(mesh: mesh, member: member)
    }

    public var description: String { "\(member)@\(mesh)" }
}
