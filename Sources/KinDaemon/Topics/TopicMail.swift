import KinIdentity
import KinWire

/// What daemons say to each other about topics, sorted by whom it concerns.
struct TopicMail: Sendable {
    let exchange: KeyExchange
    let profiles: ProfileBook
    let family: Family

    /// - Returns: whether it was understood.
    func received(_ message: SealedMessage) -> Bool {
        guard let sender = family.member(message.sender) else { return false }
        guard message.contentType == Profile.contentType else {
            // Keys are said to one, never to a topic.
            return !message.recipient.hasPrefix("#") && exchange.received(message, from: sender)
        }
        return profiles.received(message)
    }

    /// A post came of an epoch whose key has not.
    func keyMissing(_ header: Push) {
        guard case .topic(let topic) = header.destination, let epoch = header.epoch else { return }
        exchange.need(topic, epoch, from: [header.sender])
    }
}
