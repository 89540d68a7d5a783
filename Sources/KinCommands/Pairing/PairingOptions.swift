import ArgumentParser
import KinClient
import KinDaemon
import KinIdentity
import KinWire

/// What a command takes that shows a code.
struct PairingOptions: ParsableArguments {
    @Option(
        name: .customLong("server"),
        help: ArgumentHelp("The server with the pairing room (else the first that is configured).", valueName: "url"))
    var server: String?

    @Flag(name: .customLong("no-qr"), help: "Show the code as text alone.")
    var noQR = false

    /// The server to meet at.
    /// - Throws: `no_server`, `server_invalid`, `server_insecure`.
    func address(_ state: StateFolder) throws -> ServerAddress {
        if let server { return try ServerAddress(server) }
        guard let first = try DaemonSettings(reading: state).servers.first else {
            throw KinError(
                "no_server",
                "no server is configured here, and the two must meet at one that both reach: add --server https://HOST",
                category: .usage)
        }
        return try ServerAddress(first)
    }
}
