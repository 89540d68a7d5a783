import KinWire
import Synchronization

/// The sends besides the outbox's that wait for an answer on this connection: so one that nobody waits for is told apart.
final class AwaitedAnswers: Sendable {
    /// Ids remembered; all are forgotten when there are more.
    private static let maxIDs = 4096
    private let ids = Mutex<Set<ClientMessageID>>([])

    func sent(_ id: ClientMessageID) {
        ids.withLock { ids in
            if ids.count >= Self.maxIDs { ids.removeAll() }
            ids.insert(id)
        }
    }

    /// - Returns: whether it was awaited. What is refused may be sent again.
    func answered(_ id: ClientMessageID, finally isFinal: Bool) -> Bool {
        ids.withLock { isFinal ? $0.remove(id) != nil : $0.contains(id) }
    }

    func startOver() { ids.withLock { $0.removeAll() } }
}
