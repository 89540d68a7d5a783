import KinDaemon
import KinIdentity
import KinWire

/// Joins by a credential as a part of a start.
struct TicketStart {
    private let context: CommandContext
    private let output: Output
    private let state: StateFolder

    init(_ starting: DaemonStart, _ state: StateFolder) {
        context = starting.context
        output = starting.output
        self.state = state
    }

    /// The text of the credential that was given; nil where there is none.
    static func text(_ file: String?, _ context: CommandContext) throws -> String? {
        if let file { return try CarriedInput.read(file, context) }
        return context.environment["KINDRED_JOIN"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Joins, where there is something to join by. A machine that belongs to a family already passes the environment's credential over; one that is named by a
    /// file makes it a member of that mesh beside its own.
    /// - Parameter servers: what the user named: the credential's are kept where that is nothing.
    /// - Returns: the files of the mesh that is to be started.
    func join(by file: String?, keeping servers: [String]) throws -> StateFolder {
        let isMember = state.meshes().contains(state.mesh)
        guard let text = try Self.text(file, context), file != nil || !isMember else {
            guard isMember || state.mesh.isHome else { throw unknownMesh() }
            try state.prepare()
            return state
        }
        let joining = TicketJoining(state: state, now: context.now())
        let (place, servers) = (try joining.place(for: text), servers.isEmpty ? try joining.servers(of: text) : [])
        guard state.mesh.isHome || place.mesh == state.mesh else {
            throw KinError(
                "mesh_differs", "that credential is for the mesh \(place.mesh), and \(state.mesh) is named",
                category: .usage)
        }
        // First what a start needs besides: who is a member is not asked to join again.
        if !place.meshes().contains(place.mesh) && !servers.isEmpty {
            try place.prepare()
            var settings = try DaemonSettings(reading: place)
            settings.servers = servers
            try settings.write(to: place)
        }
        guard let ticket = try TicketJoining(state: place, now: context.now()).join(text) else { return place }
        output.note("joining \(ticket.credential.mesh) as a \(ticket.credential.role)")
        return place
    }

    private func unknownMesh() -> KinError {
        let known = state.meshes().map(\.description).joined(separator: ", ")
        return KinError(
            "mesh_unknown",
            "this machine is not in the mesh \(state.mesh); it is in: \(known.isEmpty ? "none" : known). A join credential brings it in:  kin up --join FILE",
            category: .notFound)
    }
}
