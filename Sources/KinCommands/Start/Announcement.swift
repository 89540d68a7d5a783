import KinDaemon
import KinDaemonAPI
import KinEncoding
import KinIdentity
import KinWire

/// What `kin up` says once the daemon answers.
struct Announcement: Hashable {
    var version: DaemonVersion
    var state: StateFolder
    var socket: String
    var isEphemeral: Bool
    /// Of the daemon, where it goes on without this command.
    var detached: Int32?

    /// - Parameter unsetting: whether a mesh was named, which an ephemeral device's home does not have.
    func make(_ output: Output, unsetting: Bool = false) {
        // Whoever reads the answer may be gone; the daemon stays.
        guard output.form == .text else { return (try? output.answer(.lines([]), json: json)) ?? () }
        // What was told is kept by now.
        let servers = (try? DaemonSettings(reading: state).servers) ?? []
        let reached = servers.isEmpty ? "a server on this machine" : servers.joined(separator: ", ")
        output.note("\(version.name) is up in \(version.mesh), with \(reached)", .good)
        let end = detached.map { "process \($0):  kin down  ends it" } ?? "Control-C ends it"
        let tcp = version.tcpPort.map { " and http://127.0.0.1:\($0)" } ?? ""
        output.note("local API \(socket)\(tcp)\n\(end);  kin status  and  kin devices  say more")
        if isEphemeral {
            output.note("other commands find it by this line; it and its messages go when it ends:")
            try? output.raw(
                "export KINDRED_HOME=\(Self.quoted(state.root))" + (unsetting ? "; unset KINDRED_MESH" : ""))
        } else if !state.mesh.isHome {
            output.note("other commands find it with  KINDRED_MESH=\(state.mesh)")
        }
    }

    /// The version, and where it is.
    var json: JSON {
        guard case .object(let members) = version.json else { return version.json }
        let place: [String: JSON] = [
            "home": .string(state.root), "mesh_folder": .text(state.mesh), "socket": .string(socket),
            "ephemeral": .bool(isEphemeral), "process": .integer(Int64(detached ?? ProcessLimits.ownProcess)),
        ]
        return .object(members.merging(place) { own, _ in own })
    }

    /// As one word of a shell.
    static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
