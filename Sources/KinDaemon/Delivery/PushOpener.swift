import KinIdentity
import KinMailbox
import KinSession
import KinWire

/// Opens pushed messages, and judges whether they are taken in.
struct PushOpener: Sendable {
    /// Why a message is not taken in; `told` where its sender may know: only what truly is a known member's to this device.
    struct Refusal: Error {
        var fault: MessageFault
        var told: RefusedMessage?
    }

    let sealer: DirectSealer
    let topicSealer: TopicSealer
    let topics: TopicBook
    let family: Family
    let revocations: RevocationExchange

    /// - Parameter now: milliseconds.
    func open(_ header: Push, _ body: [UInt8], now: Int64) throws(Refusal) -> IncomingMessage {
        guard let sender = family.sender(header.sender) else { throw Refusal(fault: .unknownSender) }
        let message: SealedMessage
        do throws(MessageFault) {
            message = try unseal(body, header, from: sender)
            try Self.checkMembership(of: sender, message, header)
        } catch {
            throw Refusal(fault: error)
        }
        do throws(MessageFault) {
            try DirectSealer.checkTime(of: message, now: now)
        } catch {
            throw Refusal(fault: error, told: Self.told(message, error))
        }
        revocations.stated(message.revocationHead, by: sender)
        return IncomingMessage(
            message: message, brokerMessageID: header.brokerMessageID, senderKey: sender.ed25519.first?.bytes ?? [],
            receivedAt: now)
    }

    /// The same of a message that was acknowledged once, however old it is.
    func openHistory(_ header: Push, _ body: [UInt8], now: Int64) throws(Refusal) -> IncomingMessage {
        guard let sender = family.sender(header.sender) else { throw Refusal(fault: .unknownSender) }
        do throws(MessageFault) {
            let message = try unseal(body, header, from: sender)
            try Self.checkMembership(of: sender, message, header)
            return IncomingMessage(
                message: message, brokerMessageID: header.brokerMessageID,
                senderKey: sender.ed25519.first?.bytes ?? [], receivedAt: min(header.sentAt, now))
        } catch {
            throw Refusal(fault: error)
        }
    }

    private func unseal(
        _ body: [UInt8], _ header: Push, from sender: VerifiedMember
    ) throws(MessageFault) -> SealedMessage {
        guard case .topic(let topic) = header.destination else {
            return try sealer.openAtAnyTime(body, header: header, from: sender)
        }
        guard let epoch = header.epoch, let record = topics.record(topic) else { throw .misaddressed }
        // Of a private topic, who was taken off its list has nothing to say any more.
        guard record.allows(sender) else { throw .unknownSender }
        guard record.isPossible(epoch) else { throw .doesNotOpen }
        let candidates = record.ring.candidates(for: epoch)
        do throws(MessageFault) {
            return try topicSealer.open(body, header: header, from: sender, candidates: candidates)
        } catch {
            // Somebody may have given a wrong one.
            throw error == .doesNotOpen && candidates.count < TopicKeyring.maxCandidates ? .keyMissing : error
        }
    }

    /// A certificate that has ended stands for what was sent before: by the sender's word, and by the broker's, which takes nothing later.
    private static func checkMembership(
        of sender: VerifiedMember, _ message: SealedMessage, _ header: Push
    ) throws(MessageFault) {
        // The broker's clock is another than that of whoever wrote the certificate.
        let sentAt = header.sentAt - StatementLimits.maxAhead
        if sender.hasEnded(by: max(message.createdAt, sentAt)) { throw .unknownSender }
    }

    /// What daemons say to each other on their own account is never receipted.
    private static func told(_ message: SealedMessage, _ fault: MessageFault) -> RefusedMessage? {
        guard !message.isDaemonsOwn, !message.recipient.hasPrefix("#") else { return nil }
        return RefusedMessage(
            sender: message.sender, clientMessageID: message.clientMessageID, reason: fault.rawValue)
    }
}
