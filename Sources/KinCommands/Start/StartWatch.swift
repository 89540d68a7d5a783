import Foundation
import KinDaemonAPI
import KinEncoding
import KinWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Waits until detached daemons say that they are up, or end.
final class StartWatch: Sendable {
    enum Outcome {
        /// What they said, a line of JSON each, and what the others of them failed by.
        case up([String], failures: [KinError])
        case ended(KinError)
        case silent
    }

    private let child: DetachedProcess
    private let count: Int
    private let patience: Duration
    private let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - count: how many daemons start in the process.
    ///   - note: called with each line that is said beside the answers.
    init(_ child: DetachedProcess, count: Int, patience: Duration, note: @escaping @Sendable (String) -> Void) {
        self.child = child
        self.count = count
        self.patience = patience
        self.note = note
    }

    /// Cancelled, it ends what was started.
    func outcome() async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // It blocks, so it has a thread of its own.
                Thread.detachNewThread { [self] in continuation.resume(returning: watch()) }
            }
        } onCancel: { [child] in
            kill(child.process, SIGTERM)
        }
    }

    private func watch() -> Outcome {
        let deadline = ContinuousClock.now + patience
        var (answers, notes) = (LineReader(child.output), LineReader(child.errors))
        var (up, failures) = ([String](), [String]())
        while ContinuousClock.now < deadline {
            LineReader.wait(for: [answers, notes].filter { !$0.hasEnded }, milliseconds: 100)
            up += answers.lines()
            for line in notes.lines() {
                if Self.error(line, .failed) == nil { note(line) } else { failures.append(line) }
            }
            if !up.isEmpty, up.count + failures.count >= count {
                return .up(up, failures: failures.compactMap { Self.error($0, .failed) })
            }
            if answers.hasEnded && notes.hasEnded, let status = child.exitStatus() {
                let failure = failures.last.flatMap { Self.error($0, KinError.Category(endedWith: status)) }
                return .ended(failure ?? Self.unexplained(status))
            }
        }
        return up.isEmpty ? .silent : .up(up, failures: failures.compactMap { Self.error($0, .failed) })
    }

    private static func unexplained(_ status: Int32) -> KinError {
        KinError("start_failed", "the daemon ended with exit code \(status) before it was up:  kin up  shows why")
    }

    private static func error(_ line: String, _ category: KinError.Category) -> KinError? {
        APIError.read(Array(line.utf8), category: category)
    }

    /// What a daemon says of itself once it is up.
    static func read(_ line: String) throws -> (DaemonVersion, [String: JSON]) {
        guard case .object(let members)? = try? JSON.parse(Array(line.utf8)) else { throw KinError.answerNotUnderstood }
        return (try DaemonVersion(json: Array(line.utf8)), members)
    }
}
