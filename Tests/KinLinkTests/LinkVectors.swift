import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire

@testable import KinLink

/// The two devices of `Vectors/kindred/links.json`: the laptop calls the phone.
struct LinkVectors {
    let file: Vector
    let mesh: MeshID
    let now: Int64

    init() throws {
        file = try Vector(file: "kindred/links.json")
        mesh = try MeshID(file.text("mesh")).orThrow("mesh")
        now = try file.integer("now")
    }

    func handshake(_ name: String) throws -> Vector {
        try file.entries("handshakes").first { $0.name == name }.orThrow(name)
    }

    /// A side as it says of itself in the handshake's `member`.
    func credentials(_ side: String, _ chain: Chain) throws -> LinkCredentials {
        LinkCredentials(
            chain: chain, key: try X25519.PrivateKey(SecretBytes(copying: file.entry(side).hex("static"))),
            revocations: RevocationLedger(mesh: mesh)
        ) { _ in nil }
    }

    func initiator(_ vector: Vector) throws -> LinkInitiator {
        let opening = try LinkOpening(canonical: vector.utf8("opening"))
        let called = try ChainVerifier(mesh: mesh).verify(calledChain(), now: now)
        return try LinkInitiator(
            as: credentials("caller", opening.chain), to: called, continuing: opening.resume,
            ephemeral: X25519.PrivateKey(SecretBytes(copying: vector.hex("caller_ephemeral"))))
    }

    func responder(_ vector: Vector) throws -> LinkResponder {
        LinkResponder(
            as: try credentials("called", calledChain()),
            ephemeral: try X25519.PrivateKey(SecretBytes(copying: vector.hex("called_ephemeral"))))
    }

    func answer(_ vector: Vector) throws -> LinkAcceptance? {
        guard case .accepted(let acceptance) = try LinkAnswer(canonical: vector.utf8("answer")) else { return nil }
        return acceptance
    }

    func calledChain() throws -> Chain { try answer(handshake("a new link")).orThrow("an acceptance").chain }

    /// Both sides after the handshake "a new link", the caller's first message carried over.
    func links() throws -> LinkPair {
        let vector = try handshake("a new link")
        let opening = try LinkOpening(canonical: vector.utf8("opening"))
        let acceptance = try answer(vector).orThrow("an acceptance")
        var calling = try initiator(vector)
        var answering = try responder(vector)
        _ = try answering.read(calling.open(nonce: opening.nonce, now: opening.time), now: now)
        let second = try answering.answer(link: acceptance.link, now: acceptance.time)
        var caller = try Link(calling.finish(second, now: now))
        let called = try Link(answering.confirm(caller.next().orThrow("the first message")))
        return LinkPair(caller: caller, called: called)
    }
}
