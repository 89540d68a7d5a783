import ArgumentParser

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

    func validate() throws {
        guard !ephemeral || !persistent else {
            throw ValidationError("--ephemeral and --persistent exclude each other")
        }
        guard ttl == nil || !persistent else {
            throw ValidationError("--ttl ends an ephemeral daemon: it goes with --ephemeral")
        }
    }

    /// Whether the daemon leaves nothing.
    func isEphemeral(in surroundings: Surroundings) -> Bool {
        guard case .continuousIntegration = surroundings else { return ephemeral }
        return !persistent
    }

    /// What is said of a start in such surroundings; `isWarning` where a less safe choice was made.
    func remark(in surroundings: Surroundings) -> StartRemark? {
        switch surroundings {
        case .ordinary: nil
        case .continuousIntegration(let sign) where persistent:
            StartRemark(
                event: "persistent_keypair_in_ci_environment",
                text:
                    "persistent_keypair_in_ci_environment: \(sign) is set, and this device's keys stay on this machine, for whoever has it next. Without --persistent they would not",
                sign: sign, isWarning: true)
        case .continuousIntegration(let sign):
            StartRemark(
                event: "ci_environment",
                text: "\(sign) is set, so this daemon is ephemeral: --persistent keeps its keys",
                sign: sign, isWarning: false)
        case .container(let sign):
            StartRemark(
                event: "container_environment",
                text:
                    "\(sign) says that this is a container: a device that is to outlive it needs its home on a volume",
                sign: sign, isWarning: false)
        }
    }
}

/// What a user, and the log, should know of a start.
struct StartRemark: Hashable {
    /// The log's name for it.
    var event: String
    var text: String
    /// By what the surroundings are told.
    var sign: String
    var isWarning: Bool
}
