import KinCrypto
import KinEncoding
import KinIdentity
import KinWire

/// Seals and opens posts of topics (docs/protocol/messages.md, "A post's sealing").
public struct TopicSealer: Sendable {
    private let member: ULID
    private let mesh: MeshID
    private let keys: DeviceKeys

    public init(chain: Chain, keys: DeviceKeys) {
        member = chain.member
        mesh = chain.certificate.mesh
        self.keys = keys
    }

    /// Signs and seals a post with the key of an epoch.
    public func seal(_ message: SealedMessage, to topic: TopicName, with key: TopicKey) throws -> [UInt8] {
        let inner = MessagePadding.pad(message.signed(by: keys.signing).canonicalBytes())
        return try XChaChaPoly.seal(
            inner, key: key.key, authenticating: additional(topic, key.epoch, sender: member))
    }

    /// Opens what was pushed, and checks that it is from `sender`, to that topic, and what its header says; its time is the caller's to check.
    public func open(
        _ body: [UInt8], header: Push, from sender: VerifiedMember, candidates: [TopicKey]
    ) throws(MessageFault) -> SealedMessage {
        guard case .topic(let topic) = header.destination, let epoch = header.epoch else { throw .misaddressed }
        let additional = additional(topic, epoch, sender: header.sender)
        for candidate in candidates {
            guard let inner = try? XChaChaPoly.open(body, key: candidate.key, authenticating: additional) else {
                continue
            }
            let message = try SealedMessage(padded: inner)
            try message.check(in: mesh, recipient: "#\(topic)", header: header, sender: sender)
            return message
        }
        throw .doesNotOpen
    }

    private func additional(_ topic: TopicName, _ epoch: Epoch, sender: ULID) -> [UInt8] {
        JSON.object([
            "domain": .string("kindred/topic-post/v1"), "mesh": .string(mesh.description),
            "topic": .string(topic.description), "epoch": epoch.json, "sender": .string(sender.description),
        ]).canonicalBytes()
    }
}
