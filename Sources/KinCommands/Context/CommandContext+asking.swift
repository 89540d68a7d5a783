import Foundation
import KinWire
import Synchronization

extension CommandContext {
    /// Asks the person while other things go on.
    ///
    /// Cancelled, it ends at once; the thread that reads the keyboard stays until a line comes or the process ends.
    /// - Throws: `input_ended`; `CancellationError`.
    func askAside(_ prompt: String) async throws -> String {
        let answer = PendingAnswer()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                answer.wait(with: continuation)
                Thread.detachNewThread { [terminal] in
                    answer.settle(Result { try terminal.ask(prompt) })
                }
            }
        } onCancel: {
            answer.settle(.failure(CancellationError()))
        }
    }
}

/// An answer that one waits for and that comes once, whichever is first.
private final class PendingAnswer: Sendable {
    private struct State {
        var waiting: CheckedContinuation<String, any Error>?
        var result: Result<String, any Error>?
    }

    private let state = Mutex(State())

    func wait(with continuation: CheckedContinuation<String, any Error>) {
        let result = state.withLock { state in
            if state.result == nil { state.waiting = continuation }
            return state.result
        }
        if let result { continuation.resume(with: result) }
    }

    func settle(_ result: Result<String, any Error>) {
        let waiting = state.withLock { state -> CheckedContinuation<String, any Error>? in
            guard state.result == nil else { return nil }
            state.result = result
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(with: result)
    }
}
