import ArgumentParser
import KinDaemon
import KinIdentity
import KinWire

struct MeshInviteCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite",
        abstract: "Invite a device of somebody else's into this mesh.",
        discussion: """
            Shows a code, and a QR code of it, that is good once and for 10 minutes; on the other device  kin mesh join  takes it. \
            Both screens then show one number: say yes only if they are the same. That device joins beside its own family. A guest \
            sends and receives where an owner put it, and is one for 30 days unless --ttl says otherwise.

            A person is needed on both sides; machines that join by themselves do it by  kin mesh credential .

            EXAMPLES
              kin mesh invite
              kin mesh invite --role machine --ttl 7d
            """)

    /// Of a guest for whom no end was named: 30 d.
    private static let guestLifetime: Int64 = 30 * 86_400_000

    @OptionGroup var options: OutputOptions

    @Option(help: "What it may do: guest or machine.", transform: Self.role)
    var role = Role.guest

    @Option(
        help: ArgumentHelp("How long it belongs to the mesh, as in 12h or 30d.", valueName: "time"),
        transform: TimeSpan.parse)
    var ttl: TimeSpan?

    @OptionGroup var pairing: PairingOptions

    func run(in context: CommandContext, _ output: Output) async throws {
        let state = try LocalDaemon.of(context).state
        let installation = try Installation(state)
        let screen = try PairingScreen(
            context, output, given: nil, else: "use  kin mesh credential  for machines that join by themselves")
        let now = context.now()
        let lifetime = ttl?.milliseconds ?? (role == .guest ? Self.guestLifetime : nil)
        let offer = PairingOffer(
            purpose: .mesh, mesh: installation.mesh, role: role, expiresAt: lifetime.map { now + $0 })
        try Approving(installation, now: now).check(role: role, expiresAt: offer.expiresAt)
        let peer = try await screen.show(
            pairing, at: pairing.address(state), next: "enter it on the other device, at  kin mesh join ,")
        try await PairingGranting(installation, screen, offer).run(with: peer)
    }

    private static func role(_ text: String) throws -> Role {
        guard let role = Role(text), role <= .machine else { throw ValidationError("a role here is guest or machine") }
        return role
    }
}
