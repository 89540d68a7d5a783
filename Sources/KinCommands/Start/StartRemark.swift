/// What a user, and the log, should know of a start. Each with the sign by which its surroundings are told.
enum StartRemark: Hashable {
    case keptInCI(String)
    case ephemeralInCI(String)
    case inContainer(String)

    /// A less safe choice was made.
    var isWarning: Bool {
        if case .keptInCI = self { true } else { false }
    }

    var text: String {
        switch self {
        case .keptInCI(let sign):
            "persistent_keypair_in_ci_environment: \(sign) is set, and this device's keys stay on this machine, for whoever has it next. Without --persistent they would not"
        case .ephemeralInCI(let sign):
            "\(sign) is set, so this daemon is ephemeral: --persistent keeps its keys"
        case .inContainer(let sign):
            "\(sign) says that this is a container: a device that is to outlive it needs its home on a volume"
        }
    }
}
