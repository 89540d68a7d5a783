/// What a user, and the log, should know of a start. Each with the sign by which its surroundings are told.
enum StartRemark: Hashable {
    case keptInCI(String)
    case ephemeralInCI(String)
    case inContainer(String)
    /// The local API answers over TCP where others may reach it.
    case onTCP(String)

    /// A less safe choice was made.
    var isWarning: Bool {
        switch self {
        case .keptInCI, .onTCP: true
        case .ephemeralInCI, .inContainer: false
        }
    }

    var text: String {
        switch self {
        case .keptInCI(let sign):
            "persistent_keypair_in_ci_environment: \(sign) is set, and this device's keys stay on this machine, for whoever has it next. Without --persistent they would not"
        case .ephemeralInCI(let sign):
            "\(sign) is set, so this daemon is ephemeral: --persistent keeps its keys"
        case .onTCP(let sign):
            "local_api_on_tcp: \(sign) says that others may share this machine's 127.0.0.1, and the local API answers there to whoever has its token. --no-tcp keeps to the socket"
        case .inContainer(let sign):
            "\(sign) says that this is a container: a device that is to outlive it needs its home on a volume"
        }
    }
}
