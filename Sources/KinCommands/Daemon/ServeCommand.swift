import ArgumentParser
import KinEncoding
import KinIdentity
import KinLog
import KinServer
import KinWire
import Logging

struct ServeCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run a server: it routes and stores what it cannot read.",
        discussion: """
            Relay and broker on one port. Without TLS only loopback is served. On loopback any family may use it; elsewhere name \
            the wallets with --wallet, or let everybody in with --open. Logs are JSON lines on standard error.

            EXAMPLES
              kin serve
              kin serve --listen [::]:443 --tls-cert c.pem --tls-key k.pem --wallet ADDRESS
              kin serve --relay-only --listen [::]:443 --tls-cert c.pem --tls-key k.pem
            """)

    @OptionGroup var options: OutputOptions

    @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"))
    var listen = ListenAddress.standard.description

    @Option(
        help: ArgumentHelp("The folder of the stored messages; ~/.kindred/server if not given.", valueName: "dir"),
        completion: .directory)
    var data: String?

    @Option(help: ArgumentHelp("The certificate chain, a PEM file.", valueName: "file"), completion: .file())
    var tlsCert: String?

    @Option(help: ArgumentHelp("Its key, a PEM file.", valueName: "file"), completion: .file())
    var tlsKey: String?

    @Option(
        name: .customLong("origin"),
        help: ArgumentHelp("An address under which devices reach it; may be given again.", valueName: "url"))
    var origins: [String] = []

    @Flag(help: "The relay alone: no messages, no files, nothing written.")
    var relayOnly = false

    @Flag(help: "Let every family in.")
    var open = false

    @Option(
        name: .customLong("wallet"),
        help: ArgumentHelp("Let this family in; may be given again.", valueName: "address"))
    var wallets: [String] = []

    @Flag(help: "Take tokens without audience and nonce, too (auth.accept_bare_tokens).")
    var acceptBareTokens = false

    @Option(help: ArgumentHelp("Largest sealed file, 524288000 unless said.", valueName: "bytes"))
    var blobBytes: Int64?

    @Option(help: ArgumentHelp("What all files together may take, 21474836480 unless said.", valueName: "bytes"))
    var blobTotal: Int64?

    @OptionGroup var relay: RelayOptions

    @OptionGroup var log: LogOptions

    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together")
        }
        // What members are told has this floor (docs/protocol/mesh.md, Features).
        guard blobBytes ?? 1024 >= 1024, blobTotal ?? 1024 >= 1024 else {
            throw ValidationError("--blob-bytes and --blob-total are 1024 at least")
        }
        let isOfBroker =
            data != nil || open || !wallets.isEmpty || blobBytes != nil || blobTotal != nil || acceptBareTokens
        guard !relayOnly || !isOfBroker else {
            throw ValidationError(
                "--relay-only runs no broker: --data, --open, --wallet, --blob-bytes, --blob-total and --accept-bare-tokens say nothing to it"
            )
        }
        guard !open || wallets.isEmpty else {
            throw ValidationError("--open lets every family in, --wallet only some: use one of them")
        }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let configuration = try configuration(context)
        if !relayOnly { try StateFolder.prepareFolder(configuration.data) }
        let level = log.level
        let now = context.now
        let sink = StandardErrorSink()
        defer { sink.flush(within: 0.5) }
        let logger = Logger(label: "server") { _ in JSONLogHandler(sink: sink, level: level, now: now) }
        let host = configuration.listen.host
        ProcessLimits.forbidCoreDumps()
        let server = KinServer(configuration, logger: logger) { port in
            let address = ListenAddress(host: host, port: port).description
            if output.form == .json {
                // Whoever reads the answer may be gone; the server stays.
                try? output.answer(.lines([]), json: .object(["listening": .string(address)]))
            } else if output.notesAreOnTerminal {
                output.note("listening on \(address); Control-C ends it", .good)
            }
        }
        try await ForegroundService.run(server, logger: logger)
    }

    private func configuration(_ context: CommandContext) throws -> ServerConfiguration {
        var configuration = ServerConfiguration(
            listen: try ListenAddress(listen),
            data: try data ?? StateFolder(environment: context.environment).serverPath,
            origins: origins)
        if let tlsCert, let tlsKey { configuration.tls = .init(certificate: tlsCert, key: tlsKey) }
        if open { configuration.admission = .open }
        configuration.relayOnly = relayOnly
        configuration.relay = relay.limits
        configuration.auth.acceptBareTokens = acceptBareTokens
        if let blobBytes { configuration.blobs.fileBytes = blobBytes }
        if let blobTotal { configuration.blobs.totalBytes = blobTotal }
        if !wallets.isEmpty { configuration.admission = .wallets(Set(try wallets.map(Self.wallet))) }
        return configuration
    }

    private static func wallet(_ text: String) throws -> WalletAddress {
        guard let address = WalletAddress(text) else {
            throw KinError(
                "wallet_invalid", "--wallet takes what  kin wallet address  prints, not \(text)", category: .usage)
        }
        return address
    }
}
