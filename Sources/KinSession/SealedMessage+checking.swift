import KinIdentity
import KinWire

// What holds of a message however it was sealed.

extension SealedMessage {
    /// Reads what was sealed.
    init(padded inner: [UInt8]) throws(MessageFault) {
        guard let bytes = MessagePadding.unpad(inner), let message = try? SealedMessage(canonical: bytes) else {
            throw .malformed
        }
        self = message
    }

    /// Whether its inside agrees with its header, and its sender signed it.
    func check(
        in mesh: MeshID, recipient: String, header: Push, sender: VerifiedMember
    ) throws(MessageFault) {
        guard self.mesh == mesh, self.sender == sender.member, header.sender == sender.member,
            self.recipient == recipient, header.destination.recipient == recipient,
            clientMessageID == header.clientMessageID, line == header.line, seq == header.seq,
            priority == header.priority
        else { throw .misaddressed }
        guard sender.anyKeySigned(unsignedBytes(), signature: signature, domain: SealedMessage.domain) else {
            throw .badSignature
        }
    }
}
