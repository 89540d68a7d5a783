import Hummingbird
import NIOCore

/// A request's context, with the connection it came on.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    var remoteAddress: String { channel.remoteAddress?.ipAddress ?? "unknown" }

    /// Ends the connection though the peer may still be sending: the answer gets a moment to arrive, as closing with unread bytes would take it back.
    func closeSoon() {
        let channel = channel
        channel.eventLoop.scheduleTask(in: Self.moment) { channel.close(promise: nil) }
    }

    private static let moment = TimeAmount.seconds(1)
}
