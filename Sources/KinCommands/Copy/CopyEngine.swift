import KinFileAccess
import KinWire
import Synchronization

/// Does what a plan says.
struct CopyEngine: Sendable {
    let target: any CopyEnd
    var options = CopyOptions()
    var news = CopyNews.unheard

    /// What goes wrong with one file is kept and the others are copied; what would go wrong with all ends it. Both are in the result.
    func run(_ plan: CopyPlan) async -> CopyResult {
        var result = CopyResult(isOne: plan.isOne, skipped: plan.skipped, failed: plan.failed)
        for skip in plan.skipped { news.note("left out: \(skip.path) (\(skip.reason))") }
        for failure in plan.failed { news.note(failure.error.message) }
        let lost = await makeFolders(plan.folders, &result)
        let files = plan.files.filter { file in !lost.contains { Self.lies(file.target, in: $0) } }
        result.untried = plan.files.count - files.count
        guard result.end == nil else {
            result.untried = plan.files.count
            return result
        }
        await copy(files, &result)
        return result
    }

    /// - Returns: those that could not be made.
    private func makeFolders(_ folders: [CopyPlan.Folder], _ result: inout CopyResult) async -> [String] {
        var lost: [String] = []
        for folder in folders where !lost.contains(where: { Self.lies(folder.path, in: $0) }) {
            do throws(KinError) {
                if try await target.makeFolder(folder.path, mode: folder.mode, under: RepeatKey.draw()) {
                    result.folders += 1
                }
            } catch {
                if Self.endsAll(error) {
                    result.end = error
                    return lost
                }
                lost.append(folder.path)
                fail(target.shown(folder.path), error, &result)
            }
        }
        return lost
    }

    private static func lies(_ path: String, in folder: String) -> Bool {
        path.utf8.elementsEqual(folder.utf8) || path.utf8.starts(with: CopyPath.join(folder, "").utf8)
    }

    private func copy(_ files: [CopyPlan.File], _ result: inout CopyResult) async {
        let atOnce = min(options.filesAtOnce, files.count)
        guard atOnce > 0 else { return }
        let width = max(options.underWay / atOnce, 1)
        var next = 0
        await withTaskGroup(of: Outcome.self) { group in
            while next < atOnce {
                let file = files[next]
                group.addTask { await copy(file, width) }
                next += 1
            }
            for await outcome in group {
                take(outcome, &result)
                if result.end != nil {
                    // What is under way would end by the same.
                    group.cancelAll()
                } else if next < files.count {
                    let file = files[next]
                    group.addTask { await copy(file, width) }
                    next += 1
                }
            }
        }
        result.untried += files.count - next
    }

    private func take(_ outcome: Outcome, _ result: inout CopyResult) {
        if outcome.isRepeated { result.repeated.append(outcome.file.source.shown) }
        switch outcome.end {
        case .success(let resumed):
            result.files += 1
            result.bytes += outcome.file.facts.size
            result.resumed += resumed
        case .failure(let error):
            if Self.endsAll(error) {
                // Others that were under way end by the first one's cause, or since they were told to.
                guard result.end == nil else { return result.untried += 1 }
                result.end = error
                result.untried += 1
            } else {
                fail(outcome.file.source.shown, error, &result)
            }
        }
    }

    private func fail(_ path: String, _ error: KinError, _ result: inout CopyResult) {
        result.failed.append(.init(path: path, error: error))
        if !result.isOne { news.note(error.message) }
    }

    private static func endsAll(_ error: KinError) -> Bool {
        switch error.category {
        case .unreachable, .exhausted: true
        default: error.code == "interrupted"
        }
    }
}

extension CopyEngine {
    /// How one file went.
    private struct Outcome: Sendable {
        var file: CopyPlan.File
        var isRepeated = false
        var end: Result<Int64, KinError>
    }

    /// One that changed meanwhile is copied once more.
    private func copy(_ file: CopyPlan.File, _ width: Int) async -> Outcome {
        var outcome = Outcome(file: file, end: .success(0))
        while true {
            let transfer = CopyTransfer(outcome.file, to: target, options, width: width, news)
            do throws(KinError) {
                outcome.end = .success(try await transfer.run())
                return outcome
            } catch {
                outcome.end = .failure(error)
                guard ["source_changed", "digest_mismatch"].contains(error.code) else { return outcome }
                await transfer.discard()
                guard !outcome.isRepeated, let facts = await current(file) else { return outcome }
                let what =
                    error.code == "source_changed"
                    ? "changed while it was copied" : "arrived otherwise than it was sent"
                news.note("\(file.source.shown) \(what): once more")
                outcome.isRepeated = true
                outcome.file.facts = facts
            }
        }
    }

    private func current(_ file: CopyPlan.File) async -> FileFacts? {
        guard let facts = try? await file.source.end.facts(of: file.source.path), facts.kind == .file else {
            return nil
        }
        return facts
    }
}
