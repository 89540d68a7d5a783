import Synchronization

/// Tells once that a file in use is damaged: whoever goes on using it fails for ever, and may make it worse.
public final class DamageWatch: Sendable {
    private struct State {
        var first: StoreError?
        var handler: (@Sendable (StoreError) -> Void)?
    }

    private let state = Mutex(State())

    /// A read or write failed. What is no damage is passed over.
    public func note(_ error: StoreError) {
        guard error.code == .corrupt else { return }
        let handler = state.withLock { state -> (@Sendable (StoreError) -> Void)? in
            guard state.first == nil else { return nil }
            state.first = error
            return state.handler
        }
        handler?(error)
    }

    /// - Parameter handler: called with the first damage, at once where it is known; from any thread.
    public func onFirst(_ handler: @escaping @Sendable (StoreError) -> Void) {
        let known = state.withLock { state in
            state.handler = handler
            return state.first
        }
        if let known { handler(known) }
    }
}
