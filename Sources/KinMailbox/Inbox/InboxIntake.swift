import KinSQLite

/// The messages of one connection on their way into the inbox. After a batch that could not be stored none that follows is, so that nothing overtakes it.
///
/// `@unchecked Sendable`: `isBroken` is only touched on the writer's thread.
public final class InboxIntake: @unchecked Sendable {
    private var isBroken = false

    public init() {}

    func run(_ store: () throws -> Void) throws {
        guard !isBroken else { throw StoreError(.failed, "messages before these could not be stored") }
        do {
            try store()
        } catch {
            isBroken = true
            throw error
        }
    }

    /// The commit failed.
    func breakOff() { isBroken = true }
}
