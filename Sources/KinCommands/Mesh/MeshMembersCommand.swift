import ArgumentParser
import KinDaemonAPI
import KinEncoding

struct MeshMembersCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "List the members with what they are certified for, by whom and until when; and who was revoked.",
        discussion: """
            Of one that was revoked ISSUED is when, BY is who revoked it, and STATE has the reason.

            EXAMPLES
              kin mesh members
              kin mesh members --json
            """)

    @OptionGroup var options: OutputOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let list = try await LocalDaemon.of(context).call { try await $0.members() }
        for alert in list.alerts { output.note(alert.printable(keepingLines: false), .bad) }
        try output.answer(.table(MemberTable(list: list, moments: Moments(context)).table), json: list.json)
    }
}

/// Members and revoked members as one table.
struct MemberTable {
    let list: MemberList
    let moments: Moments

    var table: Table {
        Table(
            headings: ["NAME", "ROLE", "STATE", "ISSUED", "BY", "EXPIRES", "MEMBER"],
            rows: list.members.map(row) + list.revoked.map(row))
    }

    private func row(_ member: MemberInfo) -> [Table.Cell] {
        let role = member.scopes.isEmpty ? member.role : "\(member.role) \(member.scopes.joined(separator: ","))"
        return [
            .init(member.name, .strong), .init(role),
            member.thisDevice ? .init("here", .good) : DeviceTable.state(member.state),
            .init(moments.clock(member.issuedAt)), .init(name(of: member.issuer)),
            .init(member.expiresAt.map { moments.clock($0) } ?? "never"), .init(member.member, .dim),
        ]
    }

    private func row(_ revoked: MemberList.Revoked) -> [Table.Cell] {
        [
            .init(revoked.name ?? "-", .strong), .init("-"), state(revoked), .init(moments.clock(revoked.at)),
            .init(name(of: revoked.author)), .init("-"), .init(revoked.member, .dim),
        ]
    }

    private func state(_ revoked: MemberList.Revoked) -> Table.Cell {
        .init("revoked" + (revoked.reason.isEmpty ? "" : ": \(revoked.reason)"), .bad)
    }

    /// A member's name where it is known.
    private func name(of issuer: String) -> String { list.members.first { $0.member == issuer }?.name ?? issuer }
}
