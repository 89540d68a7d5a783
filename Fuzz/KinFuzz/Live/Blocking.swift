import Dispatch
import Synchronization

/// Waits in this thread for what runs elsewhere: a fuzz target answers before it returns.
func blocking<T: Sendable>(
    _ what: String, within seconds: Double = 20, _ body: @escaping @Sendable () async throws -> T
) throws -> T {
    let outcome = Outcome<T>()
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
        done.signal()
    }
    guard done.wait(timeout: .now() + seconds) == .success, let result = outcome.value else {
        throw BrokenPromise("after \(seconds) s, \(what) is missing")
    }
    return try result.get()
}

private final class Outcome<T: Sendable>: Sendable {
    private let result = Mutex<Result<T, any Error>?>(nil)

    var value: Result<T, any Error>? { result.withLock { $0 } }

    func set(_ value: Result<T, any Error>) { result.withLock { $0 = value } }
}
