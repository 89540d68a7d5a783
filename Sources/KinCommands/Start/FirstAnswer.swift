import KinDaemonAPI

/// What a broker says first to a daemon that starts: until then nobody knows whether the device is let in.
struct FirstAnswer {
    /// How long it may take until it is said that there is none yet.
    private static let (patience, interval) = (Duration.seconds(3), Duration.milliseconds(20))

    let health: @Sendable () async throws -> DaemonHealth

    /// - Returns: how the connection is then; nil where the daemon is gone again.
    func wait() async -> DaemonHealth.Server? {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            guard let broker = try? await health().broker else { return nil }
            if broker.connected || broker.lastError != nil || ContinuousClock.now >= deadline { return broker }
            do { try await Task.sleep(for: Self.interval) } catch { return nil }
        }
    }

    /// What is said of a server that is not reached yet.
    static func note(_ broker: DaemonHealth.Server) -> String {
        let reason = broker.lastError.map { ": \($0)" } ?? ""
        return "\(broker.address) is not connected yet\(reason)".printable(keepingLines: false)
    }
}
