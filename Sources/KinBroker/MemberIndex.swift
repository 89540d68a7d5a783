import KinWire
import Synchronization

/// Finds members by the id of their key in force, over all meshes.
///
/// A chain binds a key without its holder's word, so one key can be named by members of several meshes: all are found, and none alone is proof of which is meant.
final class MemberIndex: Sendable {
    private let keyID: @Sendable ([UInt8]) -> [UInt8]
    private let members = Mutex<[[UInt8]: Set<MeshMember>]>([:])

    /// - Parameter keyID: the id of a raw Ed25519 key.
    init(keyID: @escaping @Sendable ([UInt8]) -> [UInt8]) { self.keyID = keyID }

    func note(_ chain: Chain, in mesh: MeshID, replacing known: Chain?) {
        let member = MeshMember(mesh: mesh, member: chain.member)
        let new = chain.ed25519Keys.first.map(keyID)
        let old = known?.ed25519Keys.first.map(keyID)
        members.withLock { members in
            if let old, old != new {
                members[old]?.remove(member)
                if members[old]?.isEmpty == true { members[old] = nil }
            }
            if let new { members[new, default: []].insert(member) }
        }
    }

    func members(withKeyID keyID: [UInt8]) -> Set<MeshMember> { members.withLock { $0[keyID] ?? [] } }
}
