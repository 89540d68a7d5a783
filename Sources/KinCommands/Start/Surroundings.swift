import KinDaemon
import KinIdentity

/// What kind of place a program runs in, as far as it says so itself: what is the safe thing to do depends on it.
enum Surroundings: Hashable, Sendable {
    case ordinary
    /// A job of continuous integration: the machine is somebody else's soon.
    /// - Parameter sign: by what it is told.
    case continuousIntegration(sign: String)
    /// - Parameter sign: by what it is told.
    case container(sign: String)

    /// By what they are told; nil where they are ordinary.
    var sign: String? {
        switch self {
        case .ordinary: nil
        case .continuousIntegration(let sign), .container(let sign): sign
        }
    }

    /// Where the local API answers unless told: other jobs and containers may share this machine's 127.0.0.1.
    var listen: LocalListen { self == .ordinary ? .tcp(port: nil) : .socketOnly }

    private static let services = ["GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "JENKINS_URL"]
    private static let runtimes = ["docker", "containerd", "kubepods", "libpod", "lxc", "garden"]

    /// - Parameters:
    ///   - isContainer: what the user says; nil: it is looked for.
    ///   - reader: of the files of this machine.
    init(environment: [String: String], isContainer: Bool? = nil, reader: HostReader) {
        if !Self.isHomeNamed(environment), let sign = Self.job(environment) {
            self = .continuousIntegration(sign: sign)
        } else if isContainer != false,
            let sign = isContainer == true ? "--container" : Self.container(environment, reader)
        {
            self = .container(sign: sign)
        } else {
            self = .ordinary
        }
    }

    /// A home that was named is meant to stay; that of an ephemeral device which has ended is none.
    private static func isHomeNamed(_ environment: [String: String]) -> Bool {
        guard let home = environment["KINDRED_HOME"], !home.isEmpty else { return false }
        return !EphemeralFolder.wasOne(StateFolder(root: home))
    }

    private static func job(_ environment: [String: String]) -> String? {
        if environment["CI"]?.lowercased() == "true" || environment["CI"] == "1" { return "CI" }
        return services.first { !["", "false", "0"].contains(environment[$0]?.lowercased() ?? "") }
    }

    private static func container(_ environment: [String: String], _ reader: HostReader) -> String? {
        if let sign = ["KUBERNETES_SERVICE_HOST", "RUNPOD_POD_ID"].first(where: { environment[$0]?.isEmpty == false }) {
            return sign
        }
        if reader.file("/.dockerenv") != nil { return "/.dockerenv" }
        let groups = reader.file("/proc/1/cgroup").map { String(decoding: $0, as: UTF8.self) } ?? ""
        return runtimes.contains { groups.contains($0) } ? "/proc/1/cgroup" : nil
    }
}
