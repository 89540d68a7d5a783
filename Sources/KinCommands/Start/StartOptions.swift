import ArgumentParser
import KinDaemon

/// How a daemon lives: whether it stays, how long, and in what surroundings.
struct StartOptions: ParsableArguments {
    @Flag(
        help:
            "Keys in memory only, queues in a private temporary folder; everything goes when it ends. The default in CI."
    )
    var ephemeral = false

    @Flag(help: "Keep keys and queues in the home, in CI too. The default elsewhere.")
    var persistent = false

    @Option(
        help: ArgumentHelp("End an ephemeral daemon after this time, as in 90s or 2h.", valueName: "time"),
        transform: TimeSpan.parse)
    var ttl: TimeSpan?

    @Flag(
        help:
            "An ephemeral device joins by the recovery phrase: asked for on a terminal, else read from standard input.")
    var phrase = false

    @OptionGroup var words: PhraseOptions

    @Flag(inversion: .prefixedNo, help: "Whether this is a container, where that is not seen rightly.")
    var container: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Whether the local API answers at 127.0.0.1 besides its socket. Not in CI or a container, unless told.")
    var tcp: Bool?

    @Option(help: "Which port of 127.0.0.1, 0: any that is free; else 7441 where that is free, else any.")
    var port: UInt16?

    private static let longest: Int64 = 3650 * 86_400_000

    func validate() throws {
        guard !ephemeral || !persistent else {
            throw ValidationError("--ephemeral and --persistent exclude each other")
        }
        guard ttl.map({ $0.milliseconds <= Self.longest }) ?? true else {
            throw ValidationError("--ttl is at most 10 years")
        }
        guard port == nil || tcp != false else { throw ValidationError("--port and --no-tcp exclude each other") }
        guard ttl == nil || !persistent else {
            throw ValidationError("--ttl ends an ephemeral daemon: it goes with --ephemeral")
        }
    }

    /// Whether the daemon leaves nothing.
    func isEphemeral(in surroundings: Surroundings) -> Bool {
        guard case .continuousIntegration = surroundings else { return ephemeral }
        return !persistent
    }

    /// Where the local API is told to answer; nil: nothing was said.
    var listen: LocalListen? {
        switch tcp {
        case false?: .socketOnly
        case true?: .tcp(port: port.map { Int($0) })
        case nil: port.map { .tcp(port: Int($0)) }
        }
    }

    /// What is to be said of a start in such surroundings.
    static func remark(in surroundings: Surroundings, isEphemeral: Bool) -> StartRemark? {
        switch surroundings {
        case .continuousIntegration(let sign): isEphemeral ? .ephemeralInCI(sign) : .keptInCI(sign)
        case .container(let sign) where !isEphemeral: .inContainer(sign)
        case .ordinary, .container: nil
        }
    }
}
