import KinRelay
import NIOCore

extension RelayService {
    /// Room for an answer of this many bytes; nil where there is none.
    func answerPlace(_ bytes: Int, to address: String) -> AnswerPlace? {
        let hasRoom = state.withLock { $0.relay.beginAnswer(bytes, to: address) }
        guard hasRoom else {
            metrics.answerRefusals["relay_full"].add()
            return nil
        }
        return AnswerPlace(bytes: bytes, address: address, relay: self)
    }
}

/// The room of an answer under way, free again with its last reference.
final class AnswerPlace: Sendable {
    private let bytes: Int
    private let address: String
    private let relay: RelayService

    fileprivate init(bytes: Int, address: String, relay: RelayService) {
        (self.bytes, self.address, self.relay) = (bytes, address, relay)
    }

    deinit { relay.state.withLock { $0.relay.endAnswer(bytes, to: address) } }

    /// Keeps the room until all that was written to the connection is taken.
    func keep(on channel: any Channel) {
        channel.triggerUserOutboundEvent(AnswerDeadline.Until.taken(self), promise: nil)
    }
}
