import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinSession

/// The posts of `Vectors/kindred/topics.json`, sealed by the independent implementation.
@Suite struct TopicVectorTests {
    static let file = "kindred/topics.json"

    @Test("a post of the vectors opens to its message", arguments: try Vector.list(file, "posts"))
    func opens(vector: Vector) throws {
        let post = try Post(vector)
        let message = try post.open()
        #expect(String(decoding: message.canonicalBytes(), as: UTF8.self) == (try vector.text("inner")))
    }

    @Test("padding and sealing the inner form gives the vectors' bytes", arguments: try Vector.list(file, "posts"))
    func seals(vector: Vector) throws {
        let key = try SecretBytes(copying: #require(Post(vector).keys.last))
        let sealed = try XChaChaPoly.seal(
            MessagePadding.pad(vector.utf8("inner")), key: key, nonce: vector.hex("nonce"),
            authenticating: vector.utf8("additional"))
        #expect(sealed == (try vector.hex("body_hex")))
    }

    @Test("a post sealed here is as long as that of the vectors, and opens", arguments: try Vector.list(file, "posts"))
    func sealsAgain(vector: Vector) throws {
        let post = try Post(vector)
        guard case .topic(let topic) = post.header.destination, let epoch = post.header.epoch else {
            throw MissingValue("a post")
        }
        let keys = DeviceKeys.generate()
        let chain = try TestChain.of(post.header.sender, in: post.sender.certificate.mesh, keys)
        let key = TopicKey(
            epoch: epoch, key: SecretBytes(copying: try #require(post.keys.last)), from: epoch.minter, at: 0)
        let message = try SealedMessage(canonical: vector.utf8("inner"))
        let sealed = try TopicSealer(chain: chain, keys: keys).seal(message, to: topic, with: key)
        #expect(sealed.count == post.body.count)
        let sender = try ChainVerifier(mesh: chain.certificate.mesh).verify(chain, now: Post.now)
        let opened = try post.sealer.open(sealed, header: post.header, from: sender, candidates: post.candidates)
        #expect(opened.body == message.body)
    }

    @Test(
        "a post that is lent to another place, damaged or forged is refused for that reason",
        arguments: try Vector.list(file, "unopenable"))
    func unopenable(vector: Vector) throws {
        let post = try Post(vector)
        let fault = #expect(throws: MessageFault.self) { try post.open() }
        #expect(fault?.rawValue == (try vector.text("fault")))
    }

    @Test("every fault that a post can have but those of time and of its key has a vector")
    func complete() throws {
        let faults = Set(try Vector.list(Self.file, "unopenable").map { try $0.text("fault") })
        #expect(faults == ["does_not_open", "malformed", "misaddressed", "bad_signature"])
    }
}

/// What a reader of the vectors has: a pushed post, its sender's chain, and the keys of its epoch.
private struct Post {
    /// Of every chain of the vectors; milliseconds.
    static let now: Int64 = 1_767_225_600_000

    let header: Push
    let body: [UInt8]
    let sender: Chain
    let keys: [[UInt8]]
    let sealer: TopicSealer

    init(_ vector: Vector) throws {
        let frame = try ReceivedFrame(Frame.encode(header: vector.utf8("header"), body: [1]))
        guard case .push(let push) = frame.message else { throw MissingValue("a push") }
        header = push
        body = try vector.hex("body_hex")
        sender = try Chain(canonical: vector.utf8("sender"))
        guard case .array(let items) = try vector.json("keys") else { throw MissingValue("keys") }
        keys = try items.map { item in
            guard case .string(let text) = item else { throw MissingValue("a key") }
            return try Hex.decode(text)
        }
        sealer = try TopicSealer(chain: Chain(canonical: vector.utf8("reader")), keys: .generate())
    }

    var candidates: [TopicKey] {
        guard let epoch = header.epoch else { return [] }
        return keys.map { TopicKey(epoch: epoch, key: SecretBytes(copying: $0), from: epoch.minter, at: 0) }
    }

    func open() throws -> SealedMessage {
        let member = try ChainVerifier(mesh: sender.certificate.mesh).verify(sender, now: Self.now)
        return try sealer.open(body, header: header, from: member, candidates: candidates)
    }
}

/// Chains by the vectors' wallet for keys that are not in them.
private enum TestChain {
    static func of(_ member: ULID, in mesh: MeshID, _ keys: DeviceKeys) throws -> Chain {
        let seed = try Vector(file: "kindred/statements.json").entry("keys").entry("wallet").hex("seed")
        let wallet = try Ed25519.PrivateKey(seed: SecretBytes(copying: seed))
        return Chain(
            certificate: Certificate(
                mesh: mesh, member: member, machineID: try MachineID("0123456789abcdef").orThrow("machine id"),
                ed25519: keys.signing.publicKey.bytes, x25519: keys.sealing.publicKey.bytes, role: .owner, issuedAt: 0,
                issuer: .wallet
            ).signed(by: wallet))
    }
}
