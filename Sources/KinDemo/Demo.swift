import Foundation
import KinCrypto
import KinDaemonAPI
import KinVault
import KinWire

/// One family on one host, shown to lose nothing: every line of some sources goes from `laptop` to `studio` while the
/// daemons at both ends and the server between them are killed and started again.
public struct Demo: Sendable {
    private let options: DemoOptions
    private let notify: @Sendable (DemoEvent) -> Void

    /// - Parameter notify: called while it runs, from any thread.
    public init(_ options: DemoOptions, notify: @escaping @Sendable (DemoEvent) -> Void) {
        self.options = options
        self.notify = notify
    }

    /// Runs to the end, and leaves no process and no file behind, whatever happens.
    /// - Throws: `KinError` where a part does not start, dies by itself or stops moving; `CancellationError`.
    public func run() async throws -> DemoSummary {
        let folder = try DemoFolder(environment: options.environment)
        let stage = DemoStage(
            executable: options.executable, environment: options.environment, folder: folder, server: try DemoServer())
        do {
            var summary = try await play(on: stage)
            summary.uncleanEnds = await clear(stage)
            return summary
        } catch {
            _ = await clear(stage)
            throw error
        }
    }

    /// In a task of its own, which the demo's cancellation does not reach.
    private func clear(_ stage: DemoStage) async -> [DemoPart] {
        await Task {
            let unclean = await stage.stopAll()
            if options.keep {
                notify(.step("everything is kept in \(stage.folder.root)"))
            } else {
                stage.folder.remove()
            }
            return unclean
        }.value
    }

    private func play(on stage: DemoStage) async throws -> DemoSummary {
        notify(.step("starting a server on \(stage.server.address) and three devices from one new phrase"))
        try await startFamily(on: stage)
        notify(
            .step(
                "laptop, studio and kiosk see each other by name; laptop sends \(options.lines.count) lines to studio"))
        let plan = KillPlan(lines: options.lines.count, times: options.kills, seed: options.seed)
        let stream = LineStream(lines: options.lines, plan: plan, stage: stage, notify: notify)
        let duration = try await stream.run()
        notify(.step("comparing what arrived with what was sent"))
        let sample = Self.sampleIndex(of: options.lines)
        let id = LineStream.clientMessageID(of: sample)
        let server = stage.folder.path(of: .server)
        return DemoSummary(
            delivery: Delivery(lines: options.lines, arrivals: try await stream.arrivals()),
            seconds: duration / .seconds(1),
            kills: plan.kills.values.reduce(into: [:]) { $0[$1, default: 0] += 1 }, seed: options.seed,
            stored: try StoredMessage(id, inStoreAt: server + "/broker.db"),
            seenByServer: BlindnessCheck(secrets: DemoPart.devices.map(\.rawValue) + [options.lines[sample]])
                .finds(in: [server, stage.folder.log(of: .server)]),
            uncleanEnds: [], folder: options.keep ? stage.folder.root : nil)
    }

    private func startFamily(on stage: DemoStage) async throws {
        let phrase = try Phrase.generate().sentence
        try await stage.start(.server)
        for part in DemoPart.devices {
            try await stage.enrol(part, phrase: phrase)
            try await stage.start(part)
        }
        let names = Set(DemoPart.devices.map(\.rawValue))
        for part in DemoPart.devices {
            try await Patience.wait(
                for: "\(part) to see \(names.sorted().joined(separator: ", "))", within: .seconds(60)
            ) {
                try await stage.checkAlive()
                let online = try await stage.client(of: part).devices().devices.filter(\.online)
                return names.isSubset(of: online.map(\.name)) ? () : nil
            }
        }
    }

    /// The line nearest to the middle that is long enough to be looked for.
    static func sampleIndex(of lines: [String]) -> Int {
        let middle = lines.count / 2
        let candidates = lines.indices.filter { lines[$0].utf8.count >= 32 }
        return candidates.min { abs($0 - middle) < abs($1 - middle) } ?? middle
    }
}
