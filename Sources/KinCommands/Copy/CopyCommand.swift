import ArgumentParser
import KinCalls
import KinDaemonAPI
import KinWire
import Synchronization

struct CopyCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp",
        abstract: "Copy files to, from and between devices.",
        discussion: """
            A place on another device is DEVICE:PATH, its home where PATH is empty; other devices reach what its settings open, its \
            home and /tmp unless said. Into a folder that is there, else onto the name. Every file is verified before it appears \
            under its name; one that was cut off goes on with the same command.

            Ends with exit code 3 where the device cannot be reached, 4 where its settings refuse the path, 5 where something is \
            missing, 6 where something is in the way, 1 where some of several were not copied, 130 on Control-C.

            EXAMPLES
              kin cp ./build.tar kiosk:/tmp/
              kin cp kiosk:notes.md .
              kin cp -r site kiosk:
              kin cp studio:a.tar kiosk:b.tar
            """)

    @OptionGroup var options: OutputOptions

    @Flag(name: [.short, .long], help: "Copy folders with what is in them.")
    var recursive = false

    @Argument(help: ArgumentHelp("What to copy, then where to.", valueName: "places"), completion: .file())
    var places: [String]

    func validate() throws {
        guard places.count > 1 else {
            throw ValidationError("say what to copy, then where to: kin cp FILE DEVICE:PATH")
        }
    }

    func run(in context: CommandContext, _ output: Output) async throws {
        let daemon = try LocalDaemon.of(context)
        let calls = RenewedCalls(daemon, now: context.now)
        let progress = CopyProgress(output)
        // What earlier runs left here and nobody came back for.
        let near = NearEnd(workingFolder: context.workingFolder, ledger: daemon.state.path("copies"))
        await near.sweep(now: context.now())
        let ends = try places.map { place -> CopySource in
            let (end, path): (any CopyEnd, String) =
                switch try CopyPlace(place) {
                case .near(let path): (near, path)
                case .far(let device, let path): (FarEnd(device) { try await calls.stream() }, path)
                }
            return CopySource(end: PatientEnd(end: end, options: CopyOptions(), news: progress.news), path: path)
        }
        let (sources, target, isRecursive) = (Array(ends.dropLast()), ends[ends.count - 1], recursive)
        let ended = try await Interruptible.run {
            defer { progress.end() }
            let plan = try await CopyPlanning(target: target, isRecursive: isRecursive).plan(sources)
            progress.begin(plan.bytes)
            let result = await CopyEngine(target: target.end, news: progress.news).run(plan)
            progress.end()
            try Self.report(result, output)
        }
        guard ended else {
            throw KinError(
                "interrupted", "interrupted; what came stays, and the same command goes on from there", retryable: true)
        }
    }

    private static func report(_ result: CopyResult, _ output: Output) throws {
        if let failure = result.failure, result.files == 0 { throw failure }
        let files = result.files == 1 ? "1 file" : "\(result.files) files"
        let resumed = result.resumed > 0 ? ", \(ByteCount.text(result.resumed)) of it from an earlier attempt" : ""
        try output.answer(.lines(["\(files)  \(ByteCount.text(result.bytes))\(resumed)"]), json: result.json)
        if let failure = result.failure { throw failure }
    }
}

/// A call stream that is opened again where it has ended.
private final class RenewedCalls: Sendable {
    private let daemon: LocalDaemon
    /// Milliseconds.
    private let now: @Sendable () -> Int64
    private let open = Mutex<DaemonCalls?>(nil)

    init(_ daemon: LocalDaemon, now: @escaping @Sendable () -> Int64) {
        self.daemon = daemon
        self.now = now
    }

    func stream() async throws -> CallStream {
        if let calls = open.withLock({ $0 }), !calls.stream.hasEnded { return calls.stream }
        let calls = try await daemon.call { try await $0.calls(now: now) }
        return open.withLock { open in
            // Another may have been quicker.
            if let known = open, !known.stream.hasEnded {
                calls.close()
                return known.stream
            }
            open = calls
            return calls.stream
        }
    }
}
