import ArgumentParser
import KinDaemonAPI
import KinWire

struct ProfileCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Say what this device is doing:  kin peers  shows it to the others.",
        discussion: """
            Nothing given: what it says now. --hidden: others' lists (kin peers, devices, topic members) show this device as \
            offline, and do not tell when it comes and goes. It works as before, and the servers, which carry its connection, know \
            that it is there.

            EXAMPLES
              kin profile --summary "reviewing" --status working
              kin profile --summary "" --status idle
              kin profile --hidden
            """)

    @OptionGroup var options: OutputOptions

    @Option(help: ArgumentHelp("What it is doing, at most 512 bytes; empty takes it away.", valueName: "text"))
    var summary: String?

    @Option(
        help: "idle, working or dnd.", completion: .list(Profile.Status.allCases.map(\.rawValue)),
        transform: Self.status)
    var status: Profile.Status?

    @Flag(help: "Whether others are shown that it is there.")
    var visibility: Visibility?

    enum Visibility: String, EnumerableFlag { case visible, hidden }

    func validate() throws {
        if let summary, summary.utf8.count > Profile.maxSummary {
            throw ValidationError("--summary takes at most \(Profile.maxSummary) bytes")
        }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let change = ProfileChange(summary: summary, status: status, visible: visibility.map { $0 == .visible })
        let shown = try await LocalDaemon.of(context).call { try await $0.set(change) }
        let profile = shown.profile
        try output.answer(
            .facts([
                .init(name: "name", value: profile.name.description),
                .init(name: "status", value: profile.status.rawValue),
                .init(name: "summary", value: profile.summary ?? "-"),
                .init(name: "visible", value: profile.visible ? "yes" : "no"),
            ]), json: shown.json)
    }

    private static func status(_ text: String) throws -> Profile.Status {
        guard let status = Profile.Status(rawValue: text) else { throw ValidationError("it is idle, working or dnd") }
        return status
    }
}
