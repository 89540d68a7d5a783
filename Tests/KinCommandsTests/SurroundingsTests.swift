import KinDaemon
import KinTesting
import Testing

@testable import KinCommands

@Suite("Where kin up runs")
struct SurroundingsTests {
    private func found(
        _ environment: [String: String], files: [String: String] = [:], isContainer: Bool? = nil
    ) -> Surroundings {
        let host = TestHost()
        host.change { $0.files = files }
        return Surroundings(environment: environment, isContainer: isContainer, reader: host.reader)
    }

    @Test(
        "a job of CI is told by its variables",
        arguments: [
            ["CI": "true"], ["GITHUB_ACTIONS": "true"], ["GITLAB_CI": "1"], ["BUILDKITE": "true"],
            ["CIRCLECI": "true"], ["JENKINS_URL": "http://ci.example"],
        ])
    func jobs(environment: [String: String]) throws {
        let sign = try #require(environment.keys.first)
        #expect(found(environment) == .continuousIntegration(sign: sign))
        #expect(
            found(environment, files: ["/.dockerenv": ""]) == .continuousIntegration(sign: sign), "before a container")
        var named = environment
        named["KINDRED_HOME"] = "/home/me/.kindred"
        #expect(found(named) == .ordinary, "a home that was named is meant to stay")
        named["KINDRED_HOME"] = "/tmp/kindred-gone00"
        #expect(found(named) == .continuousIntegration(sign: sign), "that of an ephemeral device is gone with it")
        named["KINDRED_HOME"] = ""
        #expect(found(named) == .continuousIntegration(sign: sign))
    }

    @Test("no variable, an empty one, or CI=false is no job")
    func noJob() {
        for environment in [[:], ["CI": "false"], ["CI": ""], ["GITHUB_ACTIONS": ""], ["GITLAB_CI": "false"]]
            as [[String: String]]
        {
            #expect(found(environment) == .ordinary, "\(environment)")
        }
    }

    @Test("a container is told by its variables and files, unless the user knows better")
    func containers() {
        let groups = "12:pids:/kubepods/besteffort/pod1\n"
        #expect(found(["KUBERNETES_SERVICE_HOST": "10.0.0.1"]) == .container(sign: "KUBERNETES_SERVICE_HOST"))
        #expect(found(["RUNPOD_POD_ID": "a1"]) == .container(sign: "RUNPOD_POD_ID"))
        #expect(found([:], files: ["/.dockerenv": ""]) == .container(sign: "/.dockerenv"))
        #expect(found([:], files: ["/proc/1/cgroup": groups]) == .container(sign: "/proc/1/cgroup"))
        #expect(found([:], files: ["/proc/1/cgroup": "0::/init.scope\n"]) == .ordinary)
        #expect(found(["RUNPOD_POD_ID": "a1"], files: ["/.dockerenv": ""], isContainer: false) == .ordinary)
        #expect(found([:], isContainer: true) == .container(sign: "--container"))
        #expect(found(["KINDRED_HOME": "/x"], files: ["/.dockerenv": ""]) == .container(sign: "/.dockerenv"))
    }

    @Test("CI is ephemeral unless told otherwise, and keeping keys there is warned about; elsewhere the reverse")
    func defaults() throws {
        let (job, container) = (Surroundings.continuousIntegration(sign: "CI"), Surroundings.container(sign: "x"))
        let plain = try StartOptions.parse([])
        #expect(plain.isEphemeral(in: job) && !plain.isEphemeral(in: container) && !plain.isEphemeral(in: .ordinary))
        let kept = try StartOptions.parse(["--persistent"])
        #expect(!kept.isEphemeral(in: job))
        for (surroundings, isEphemeral, remark) in [
            (job, true, .ephemeralInCI("CI")), (job, false, .keptInCI("CI")), (container, false, .inContainer("x")),
            (container, true, nil), (.ordinary, true, nil), (.ordinary, false, nil),
        ] as [(Surroundings, Bool, StartRemark?)] {
            #expect(StartOptions.remark(in: surroundings, isEphemeral: isEphemeral) == remark)
        }
        #expect(StartRemark.keptInCI("CI").isWarning && !StartRemark.ephemeralInCI("CI").isWarning)
        #expect(try StartOptions.parse(["--ephemeral"]).isEphemeral(in: .ordinary))
        #expect(throws: (any Error).self) { try StartOptions.parse(["--ephemeral", "--persistent"]) }
        #expect(throws: (any Error).self) { try StartOptions.parse(["--ttl", "1h", "--persistent"]) }
        for ttl in ["soon", "9223372036854775807ms", "521w4d"] {
            #expect(throws: (any Error).self) { try StartOptions.parse(["--ttl", ttl, "--ephemeral"]) }
        }
    }

    @Test("the local API keeps to its socket in CI and containers, unless told; a flag says which port")
    func listening() throws {
        let (job, container) = (Surroundings.continuousIntegration(sign: "CI"), Surroundings.container(sign: "x"))
        #expect(job.listen == .socketOnly && container.listen == .socketOnly)
        #expect(Surroundings.ordinary.listen == .tcp(port: nil) && Surroundings.ordinary.sign == nil)
        #expect(StartRemark.onTCP("CI").isWarning && StartRemark.onTCP("CI").text.contains("--no-tcp"))
        #expect(try StartOptions.parse([]).listen == nil)
        #expect(try StartOptions.parse(["--no-tcp"]).listen == .socketOnly)
        #expect(try StartOptions.parse(["--tcp"]).listen == .tcp(port: nil))
        #expect(try StartOptions.parse(["--port", "8000"]).listen == .tcp(port: 8000))
        #expect(try StartOptions.parse(["--port", "0"]).listen == .tcp(port: 0))
        for refused in [["--port", "65536"], ["--port", "8000", "--no-tcp"]] {
            #expect(throws: (any Error).self, "\(refused)") { try StartOptions.parse(refused) }
        }
    }
}
