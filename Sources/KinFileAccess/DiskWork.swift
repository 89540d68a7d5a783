import Foundation
import KinWire
import Synchronization

/// Work that waits for a disk, a few pieces at a time, on threads that may wait.
final class DiskWork: Sendable {
    /// Whether whoever asked still wants it.
    final class Interest: Sendable {
        private let isGone = Atomic(false)

        /// - Throws: `interrupted`.
        func check() throws(KinError) {
            if isGone.load(ordering: .relaxed) { throw FileFault.interrupted }
        }

        fileprivate func end() { isGone.store(true, ordering: .relaxed) }
    }

    private let queue: OperationQueue

    /// - Parameter width: how many at once; with the depth of a walk it bounds the descriptors.
    init(width: Int = 8) {
        queue = OperationQueue()
        queue.maxConcurrentOperationCount = width
    }

    func run<T: Sendable>(
        _ body: @escaping @Sendable (Interest) throws(KinError) -> T
    ) async throws(KinError) -> T {
        let interest = Interest()
        let result: Result<T, KinError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.addOperation {
                    do throws(KinError) {
                        try interest.check()
                        continuation.resume(returning: .success(try body(interest)))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
        } onCancel: {
            interest.end()
        }
        return try result.get()
    }
}
