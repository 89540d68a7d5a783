import KinSQLite
import Synchronization

/// The messages of one connection on their way into the inbox. After a batch that could not be stored none that follows is, so that nothing overtakes it.
public final class InboxIntake: Sendable {
    /// Set by the writer, and by who submits once the store is closed.
    private let isBroken = Atomic(false)

    /// The identity of the broker's store, where it is known.
    let store: [UInt8]?

    public init(store: [UInt8]? = nil) { self.store = store }

    func run(_ store: () throws -> Void) throws {
        guard !isBroken.load(ordering: .relaxed) else {
            throw StoreError(.failed, "messages before these could not be stored")
        }
        do {
            try store()
        } catch {
            breakOff()
            throw error
        }
    }

    /// The commit failed.
    func breakOff() { isBroken.store(true, ordering: .relaxed) }
}
