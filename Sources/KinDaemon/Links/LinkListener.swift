import KinClient
import KinWire
import Synchronization

/// Who takes up the links that others want to this device.
protocol LinkListener: Sendable {
    /// A relay says that somebody wants a link. Returns at once. A relay may say so as often as it likes: whoever listens bounds what comes of it.
    /// - Parameters:
    ///   - session: 16 bytes, for `RelayCarrier.answer`; good once, and for seconds.
    ///   - route: to the relay that says so.
    func wanted(_ session: [UInt8], by route: RelayCarrier.Route)
}

/// Answers no links: whoever wants one hears `links_refused` at once instead of waiting in vain.
final class RefusingLinks: LinkListener {
    /// At one time; who comes meanwhile waits until the relay gives up.
    static let maxAnswers = 4

    private let answers = Mutex(0)

    func wanted(_ session: [UInt8], by route: RelayCarrier.Route) {
        let isTaken = answers.withLock { count in
            guard count < Self.maxAnswers else { return false }
            count += 1
            return true
        }
        guard isTaken else { return }
        Task {
            defer { answers.withLock { $0 -= 1 } }
            let refusal = LinkClose.linksRefused
            guard let carrier = try? await RelayCarrier.answer(session, by: route) else { return }
            carrier.close(code: refusal.rawValue, reason: refusal.reason)
        }
    }
}
