import ArgumentParser
import KinDemo
import KinEncoding
import KinWire
import Synchronization

struct DemoCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "See a family lose nothing: a server and three devices on this machine, killed again and again.",
        discussion: """
            Streams the lines of this repository's sources from laptop to studio through a server that cannot read them, kills \
            both daemons and the server while they flow, and compares checksums at the end. Everything lives in a temporary \
            folder and is gone afterwards. Ends with exit code 0 only if every line is there, in order, once.

            EXAMPLES
              kin demo
              kin demo --kills 10 --seed 7 --keep
              kin demo --lines-from /usr/share/common-licenses --max-lines 2000
            """)

    @OptionGroup var options: OutputOptions

    @Flag(help: "Leave the folder with all files behind, and say where it is.")
    var keep = false

    @Option(help: ArgumentHelp("How often each of the two daemons and the server is killed.", valueName: "number"))
    var kills = 3

    @Option(
        help: ArgumentHelp("Send the lines of the sources, or else texts, in this folder.", valueName: "dir"),
        completion: .directory)
    var linesFrom: String?

    @Option(help: ArgumentHelp("Send no more lines than this.", valueName: "number"))
    var maxLines = 20_000

    @Option(help: ArgumentHelp("Repeat the moments of an earlier run's kills.", valueName: "number"))
    var seed: UInt64?

    func validate() throws {
        guard 0...1000 ~= kills else { throw ValidationError("--kills is 0 to 1000") }
        guard maxLines >= 1 else { throw ValidationError("--max-lines is 1 or more") }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let lines =
            try linesFrom.map { try SourceLines.lines(below: $0, atMost: maxLines) }
            ?? SourceLines.ofRepository(around: context.workingFolder, atMost: maxLines)
        let seed = seed ?? UInt64(context.random(0..<1_000_000))
        let progress = DemoProgress(output)
        let demo = Demo(
            DemoOptions(
                executable: context.executable, environment: context.environment, lines: lines, kills: kills,
                seed: seed, keep: keep)
        ) { progress.show($0) }
        let summary = Mutex<DemoSummary?>(nil)
        try await Interruptible.run {
            let result = try await demo.run()
            summary.withLock { $0 = result }
        }
        progress.end()
        guard let summary = summary.withLock({ $0 }) else {
            throw KinError("interrupted", "interrupted; everything was stopped and removed")
        }
        try output.answer(.lines(DemoReport(summary: summary).lines), json: summary.json)
        if !summary.isGood { throw CommandEnd(status: .failed) }
    }
}
