import KinClient

/// Who takes up the links that others want to this device.
protocol LinkListener: Sendable {
    /// A relay says that somebody wants a link. Returns at once. A relay may say so as often as it likes: whoever listens bounds what comes of it.
    /// - Parameters:
    ///   - session: 16 bytes, for `RelayCarrier.answer`; good once, and for seconds.
    ///   - route: to the relay that says so.
    func wanted(_ session: [UInt8], by route: RelayCarrier.Route)
}
