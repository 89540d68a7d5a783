import KinMetrics
import Logging
import Synchronization

/// Counts requests that are refused before a route is asked, and tells the log of those that somebody should know of: seldom, whatever happens how often.
final class RefusedRequests: Sendable {
    /// Codes by which refusals are counted.
    static let reasons =
        securityReasons + [
            "daemon_busy", "rate_limited", "too_many_streams", "head_too_large", "body_too_large", "media_type",
            "body_timeout", "slow_reader",
        ]
    /// Those that no program of the user's should ever meet.
    static let securityReasons = [
        "credential_in_address", "host_refused", "origin_refused", "token_missing", "token_invalid", "unix_socket_only",
    ]
    /// Between two lines for one reason.
    static let interval = Duration.seconds(10)

    private struct Told {
        var at: ContinuousClock.Instant
        var leftOut = 0
    }

    private let counters: Counters
    private let logger: Logger
    private let told = Mutex<[String: Told]>([:])

    init(_ counters: Counters, logger: Logger) {
        self.counters = counters
        self.logger = logger
    }

    /// - Parameters:
    ///   - via: `tcp` or `socket`.
    ///   - showsCredential: whether one came with it, which is never repeated.
    func note(_ code: String, via: String, showsCredential: Bool) {
        guard Self.reasons.contains(code) else { return }
        counters[code].add()
        guard Self.securityReasons.contains(code), let leftOut = turn(code) else { return }
        var metadata: Logger.Metadata = ["security": "true", "code": .string(code), "via": .string(via)]
        if showsCredential { metadata["authorization"] = "Bearer ***" }
        if leftOut > 0 { metadata["left_out"] = .stringConvertible(leftOut) }
        logger.notice("ipc_refused", metadata: metadata)
    }

    func noteUnread() { counters["slow_reader"].add() }

    /// - Returns: how many were left out since the last line, where it is time for another.
    private func turn(_ code: String) -> Int? {
        let now = ContinuousClock.now
        return told.withLock { told in
            if let last = told[code], now - last.at < Self.interval {
                told[code]?.leftOut += 1
                return nil
            }
            return told.updateValue(Told(at: now), forKey: code)?.leftOut ?? 0
        }
    }
}
