import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinSession

/// The sealed bodies of `Vectors/kindred/messages.json`.
@Suite struct MessageVectorTests {
    static let file = "kindred/messages.json"

    @Test("a sealed body of the vectors opens to its message", arguments: try Vector.list(file, "valid"))
    func opens(vector: Vector) throws {
        let parties = try Parties(vector)
        guard case .dm = parties.header.destination else { return }  // topics have another sealing
        let opened = try parties.sealer().open(
            vector.hex("sealed_hex"), header: parties.header, from: parties.sender(), now: parties.readingTime)
        #expect(String(decoding: opened.canonicalBytes(), as: UTF8.self) == (try vector.text("inner")))
    }

    @Test("most of the vectors are direct messages")
    func enough() throws {
        let direct = try Vector.list(Self.file, "valid").filter { try !$0.text("inner").contains(##""recipient":"#"##) }
        #expect(direct.count >= 12)
    }

    @Test("padding and sealing the inner form gives the vectors' bytes", arguments: try Vector.list(file, "valid"))
    func seals(vector: Vector) throws {
        let inner = try vector.utf8("inner")
        let padded = MessagePadding.pad(inner)
        #expect(padded.count == Int(try vector.integer("padded_length")))
        #expect(MessagePadding.paddedCount(inner.count) == padded.count)
        let nonce = try vector.hex("nonce")
        let parties = try Parties(vector)
        let key = try Box.sharedKey(parties.senderKeys.sealing, parties.recipientKeys.sealing.publicKey)
        #expect(nonce + Box.seal(padded, nonce: nonce, sharedKey: key) == (try vector.hex("sealed_hex")))
        #expect(DirectSealer.sealedCount(of: parties.message) == (try vector.hex("sealed_hex").count))
    }

    @Test(
        "the inner form has exactly the signature that the vectors' key makes",
        arguments: try Vector.list(file, "valid"))
    func signatures(vector: Vector) throws {
        let parties = try Parties(vector)
        #expect(parties.message.signed(by: parties.senderKeys.signing) == parties.message)
        #expect(parties.message.isSigned(by: parties.senderKeys.signing.publicKey))
    }

    @Test("a sealed body that is damaged or badly padded does not open", arguments: try Vector.list(file, "unopenable"))
    func unopenable(vector: Vector) throws {
        let secret = try SecretBytes(copying: vector.hex("recipient_x25519_secret"))
        let letter = try Parties(Vector.list(Self.file, "valid")[0])
        let fault = #expect(throws: MessageFault.self) {
            try letter.sealer(opening: X25519.PrivateKey(secret)).open(
                vector.hex("sealed_hex"), header: letter.header,
                from: letter.sender(sealing: vector.hex("sender_x25519_public")), now: letter.message.createdAt)
        }
        #expect(fault == .doesNotOpen || fault == .malformed)
    }
}

/// Sender and recipient of a vector, certified by the vectors' own wallet.
private struct Parties {
    let message: SealedMessage
    let senderKeys: DeviceKeys
    let recipientKeys: DeviceKeys

    init(_ vector: Vector) throws {
        message = try SealedMessage(canonical: vector.utf8("inner"))
        senderKeys = try Self.keys(
            signing: vector.hex("sender_ed25519_seed"), sealing: vector.hex("sender_x25519_secret"))
        recipientKeys = try Self.keys(signing: nil, sealing: vector.hex("recipient_x25519_secret"))
    }

    var header: Push {
        let destination =
            ULID(message.recipient).map { Destination.dm($0) }
            ?? Destination(kind: "topic", ref: String(message.recipient.dropFirst())) ?? .dm(message.sender)
        return Push(
            brokerMessageID: 1, clientMessageID: message.clientMessageID, sender: message.sender, line: message.line,
            seq: message.seq, destination: destination, priority: message.priority, sentAt: message.createdAt)
    }

    /// A time at which the message is neither too old, nor ahead, nor expired.
    var readingTime: Int64 { min(message.createdAt, (message.expiresAt ?? .max) - 1) }

    func sender(sealing: [UInt8]? = nil) throws -> VerifiedMember {
        let chain = try Self.chain(
            message.sender, mesh: message.mesh, signing: senderKeys.signing.publicKey.bytes,
            sealing: sealing ?? senderKeys.sealing.publicKey.bytes)
        return try ChainVerifier(mesh: message.mesh).verify(chain, now: message.createdAt)
    }

    func sealer(opening key: X25519.PrivateKey? = nil) throws -> DirectSealer {
        let keys =
            try key.map { try Self.keys(signing: nil, sealing: $0.secret.withBytes { Array($0) }) } ?? recipientKeys
        let recipient = try ULID(message.recipient).orThrow("recipient")
        let chain = try Self.chain(
            recipient, mesh: message.mesh, signing: keys.signing.publicKey.bytes,
            sealing: keys.sealing.publicKey.bytes)
        return DirectSealer(chain: chain, keys: keys)
    }

    private static func keys(signing seed: [UInt8]?, sealing secret: [UInt8]) throws -> DeviceKeys {
        try DeviceKeys(
            signing: seed.map { try Ed25519.PrivateKey(seed: SecretBytes(copying: $0)) } ?? .random(),
            sealing: X25519.PrivateKey(SecretBytes(copying: secret)), issuing: .random(),
            registrationSecret: .random(count: 32), fingerprintKey: .random(count: 32))
    }

    private static func chain(_ member: ULID, mesh: MeshID, signing: [UInt8], sealing: [UInt8]) throws -> Chain {
        let seed = try Vector(file: "kindred/statements.json").entry("keys").entry("wallet").hex("seed")
        let wallet = try Ed25519.PrivateKey(seed: SecretBytes(copying: seed))
        return Chain(
            certificate: Certificate(
                mesh: mesh, member: member, machineID: try MachineID("0123456789abcdef").orThrow("machine id"),
                ed25519: signing, x25519: sealing, role: .owner, issuedAt: 0, issuer: .wallet
            ).signed(by: wallet))
    }
}
