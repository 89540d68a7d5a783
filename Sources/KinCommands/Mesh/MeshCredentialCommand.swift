import ArgumentParser
import KinCrypto
import KinDaemon
import KinEncoding
import KinIdentity
import KinWire

struct MeshCredentialCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential",
        abstract: "Make a join credential: machines join by it themselves, so often and for so long.",
        discussion: """
            For CI and fleets: the string goes into KINDRED_JOIN, or into a file for  kin up --join . Whoever has it may join, so keep \
            it as a password. The wallet signs it: the recovery phrase is asked for, or read from standard input. Taken back it is by \
            its id:  kin device revoke ID .

            EXAMPLES
              kin mesh credential --role machine --ttl 30d --uses 20
              kin mesh credential --role guest --ttl 2h --out join.txt
            """)

    @OptionGroup var options: OutputOptions
    @OptionGroup var phrase: PhraseOptions

    @Option(help: "What they may do: machine or guest.", transform: Self.role)
    var role: Role

    @Option(
        help: ArgumentHelp("How long they belong to the mesh, as in 2h or 30d.", valueName: "time"),
        transform: TimeSpan.parse)
    var ttl: TimeSpan

    @Option(help: "How many machines may join.")
    var uses: Int64 = 1

    @OptionGroup var file: OutputFile

    func validate() throws {
        guard JoinCredential.uses.contains(uses) else {
            throw ValidationError("--uses takes a number from 1 to \(JoinCredential.uses.upperBound)")
        }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let wallet = try daemon.requireWallet()
        let path = try file.path(context)
        let servers = try DaemonSettings(reading: daemon.state).servers
        let signer = try phrase.wallet(of: wallet, context, purpose: "to sign a credential")
        let now = context.now()
        let key = Ed25519.PrivateKey.random()
        let credential = try await signer.sign(
            JoinCredential(
                mesh: .home(of: wallet.address), credential: ULID(milliseconds: now, randomness: Random.bytes(10)),
                ed25519: key.publicKey.bytes, role: role, uses: uses, notBefore: now, expiresAt: now + ttl.milliseconds)
        )
        let ticket = JoinTicket(
            credential: credential, issuer: try await signer.sign(credential.issuerCertificate),
            seed: key.seed.withBytes { Array($0) }, routeID: wallet.routeID, boxPublic: wallet.boxPublic,
            servers: servers)
        if servers.isEmpty {
            output.note("this device uses a server on its own machine: others need a server that they reach", .bad)
        }
        try give(ticket, to: path, context, output)
    }

    private func give(_ ticket: JoinTicket, to path: String?, _ context: CommandContext, _ output: Output) throws {
        let id = ticket.credential.credential
        output.note("credential \(id), until \(Moments(context).clock(ticket.credential.expiresAt))")
        guard let path else {
            return try output.answer(
                .lines([ticket.text]),
                json: .object([
                    "credential": .text(id), "join": .string(ticket.text),
                    "expires_at": .integer(ticket.credential.expiresAt),
                ]))
        }
        try StateFolder.write(Array((ticket.text + "\n").utf8), to: path, mode: 0o600)
        try output.answer(
            .lines(["written to \(path)"]), json: .object(["credential": .text(id), "file": .string(path)]))
    }

    private static func role(_ text: String) throws -> Role {
        guard let role = Role(text), role <= .machine else { throw ValidationError("a role here is machine or guest") }
        return role
    }
}
