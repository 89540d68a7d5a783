public import KinWire

extension InboxStore {
    /// - Parameter handler: called once, with the first damage that a read or write meets; from any thread.
    public func onDamage(_ handler: @escaping @Sendable (KinError) -> Void) {
        database.damage.onFirst { handler(KinError($0)) }
    }
}
