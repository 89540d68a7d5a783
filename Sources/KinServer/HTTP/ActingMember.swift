import KinBroker
import KinIdentity
import KinWire

/// The member that a caller acts for.
enum ActingMember {
    /// - Parameters:
    ///   - mesh: as the request names it, if it does.
    ///   - sending: whether its certificate must let it send.
    /// - Throws: `invalid_request`, `not_a_member`, `mesh_required`, `scope_missing`.
    static func find(
        _ identity: Identity, mesh: String?, sending: Bool = true, at broker: Broker
    ) throws(RequestRefusal) -> MeshMember {
        var members = identity.resources
        if let mesh {
            guard let mesh = MeshID(mesh) else {
                throw RequestRefusal(.badRequest, "invalid_request", "mesh must be <slug>@<wallet address>")
            }
            members = members.filter { $0.mesh == mesh }
        }
        guard let member = members.first else {
            throw RequestRefusal(.forbidden, "not_a_member", "this credential is for no member there")
        }
        guard members.count == 1 else {
            throw RequestRefusal(
                .badRequest, "mesh_required", "this key is in several meshes: name one with ?mesh=<slug>@<wallet>")
        }
        try check(member, sending: sending, at: broker)
        return member
    }

    static func check(_ member: MeshMember, sending: Bool = true, at broker: Broker) throws(RequestRefusal) {
        guard let chain = broker.validChain(of: member) else {
            throw RequestRefusal(
                .forbidden, "not_a_member", "the member is not known here, or its certificate is not valid now")
        }
        guard !sending || chain.certificate.maySend else {
            throw RequestRefusal(.forbidden, "scope_missing", "the member's certificate does not let it send")
        }
    }
}
