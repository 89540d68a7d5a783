import KinCrypto
import KinEncoding
import KinIdentity
import KinSession
import KinTesting
import KinWire

/// Makes messages with the keys of a device that runs: what its daemon would send, and what none would.
struct Forger {
    private let me: Installation

    init(_ daemon: TestDaemon) throws { me = try Installation(daemon.state) }

    var member: VerifiedMember {
        get throws { try ChainVerifier(mesh: me.mesh).verify(me.chain, now: realNow()) }
    }

    var keys: DeviceKeys { me.keys }
    var chain: Chain { me.chain }

    /// A sound message, but for what `change` does to it before it is signed.
    func message(
        _ id: String, to recipient: VerifiedMember, body: String = "forged",
        _ change: (inout SealedMessage) -> Void = { _ in }
    ) throws -> SealedMessage {
        var message = SealedMessage(
            mesh: me.mesh, sender: me.chain.member, senderName: try DeviceName("forger").orThrow("a name"),
            recipient: recipient.member.description, clientMessageID: try ClientMessageID(id).orThrow("an id"),
            line: [9, 9, 9, 9, 9, 9, 9, 9], seq: 1, priority: .low, createdAt: realNow(), body: body)
        change(&message)
        return message
    }

    /// Sealed from this device to `recipient`, under the header that its inside asks for.
    func push(_ message: SealedMessage, to recipient: VerifiedMember) throws -> Pushed {
        let body = try DirectSealer(chain: me.chain, keys: me.keys).seal(message, for: recipient)
        return Pushed(try header(of: message), body)
    }

    /// Bytes that are no message, sealed from this device to `recipient`.
    func push(bytes: [UInt8], to recipient: VerifiedMember) throws -> Pushed {
        let key = try recipient.x25519.first.orThrow("a key")
        let nonce = Random.bytes(24)
        let sealed = Box.seal(bytes, nonce: nonce, sharedKey: try Box.sharedKey(me.keys.sealing, key))
        return Pushed(try header(of: message("bytes", to: recipient)), nonce + sealed)
    }

    func receipt(
        _ id: String, _ kind: Receipt.Kind, of ids: [ClientMessageID], to recipient: VerifiedMember
    ) throws -> Pushed {
        let body = String(decoding: Receipt(kind: kind, ids: ids, at: realNow()).canonicalBytes(), as: UTF8.self)
        let message = try message(id, to: recipient, body: body) { $0.contentType = Receipt.contentType }
        return try push(message, to: recipient)
    }

    /// Its chain with one rotation more, soundly signed.
    func rotated(at time: Int64) throws -> Chain { moved(at: time).chain }

    /// The same, with the keys that it has by that.
    func moved(at time: Int64) -> (chain: Chain, signing: Ed25519.PrivateKey, sealing: X25519.PrivateKey) {
        let (signing, sealing) = (Ed25519.PrivateKey.random(), X25519.PrivateKey.random())
        var chain = me.chain
        chain.rotations.append(
            Rotation(
                mesh: me.mesh, member: me.chain.member, seq: 1, oldEd25519: me.keys.signing.publicKey.bytes,
                newEd25519: signing.publicKey.bytes, newX25519: sealing.publicKey.bytes, at: time
            ).signed(old: me.keys.signing, new: signing))
        return (chain, signing, sealing)
    }

    /// A chain by this device's issuer key that gives another's member id to keys of its own.
    func impostor(of victim: ULID) throws -> Chain {
        let (signing, sealing) = (Ed25519.PrivateKey.random(), X25519.PrivateKey.random())
        let machine = MachineID(Hex.encode(Random.bytes(8)))
        let certificate = Certificate(
            mesh: me.mesh, member: victim, machineID: try machine.orThrow("a machine id"),
            ed25519: signing.publicKey.bytes,
            x25519: sealing.publicKey.bytes, role: .machine, issuedAt: realNow(), issuer: .member(me.chain.member)
        ).signed(by: me.keys.issuing)
        return Chain(issuer: try me.issuer.orThrow("an issuer certificate"), certificate: certificate)
    }

    private func header(of message: SealedMessage) throws -> Push {
        let recipient = try ULID(message.recipient).orThrow("a member")
        return Push(
            brokerMessageID: Int64.random(in: 1 << 40...1 << 50), clientMessageID: message.clientMessageID,
            sender: message.sender, line: message.line, seq: message.seq, destination: .dm(recipient),
            priority: message.priority, sentAt: realNow())
    }
}
