import KinCrypto
import KinEncoding
import KinTesting
import Testing

@testable import KinNoise

/// The published vectors (cacophony, snow), and those that another implementation made.
@Suite struct NoiseVectorTests {
    static let published = ["published/noise.json", "published/noise-snow.json"].flatMap { file in
        (try? Vector.list(file, "vectors")) ?? []
    }

    @Test("all published vectors are there")
    func files() throws {
        let names = try Self.published.map { try $0.text("protocol_name") }
        #expect(names.filter { $0 == "Noise_IK_25519_ChaChaPoly_SHA256" }.count == 2)
        #expect(names.filter { $0 == "Noise_NNpsk0_25519_ChaChaPoly_SHA256" }.count == 1)
    }

    @Test("both sides write and read the published messages", arguments: published)
    func messages(vector: Vector) throws {
        var pair = try Self.pair(vector)
        let messages = try vector.entries("messages")
        try Self.exchange(messages[0], from: &pair.initiator, to: &pair.responder)
        try Self.exchange(messages[1], from: &pair.responder, to: &pair.initiator)
        let (mine, theirs) = (pair.initiator.remoteStatic, pair.responder.remoteStatic)
        if vector.has("init_static") {
            let own = try (X25519.PrivateKey(vector, "init_static"), X25519.PrivateKey(vector, "resp_static"))
            #expect(theirs == own.0.publicKey)
            #expect(mine == own.1.publicKey)
        }
        var initiator = try pair.initiator.split()
        var responder = try pair.responder.split()
        let hashes = [initiator.handshakeHash, responder.handshakeHash]
        if vector.has("handshake_hash") { #expect(hashes == [try vector.hex("handshake_hash"), hashes[0]]) }
        #expect(hashes[0] == hashes[1])
        for (index, message) in messages.enumerated().dropFirst(2) {
            if index.isMultiple(of: 2) {
                try Self.exchange(message, from: &initiator, to: &responder)
            } else {
                try Self.exchange(message, from: &responder, to: &initiator)
            }
        }
    }

    @Test(
        "messages of every length and new keys are those of another implementation",
        arguments: try Vector.list("kindred/noise.json", "handshakes"))
    func independent(vector: Vector) throws {
        let prologue = try vector.hex("prologue")
        let ephemerals = try (
            X25519.PrivateKey(vector, "init_ephemeral"), X25519.PrivateKey(vector, "resp_ephemeral")
        )
        var initiator: NoiseHandshake
        var responder: NoiseHandshake
        if vector.has("psk") {
            let psk = SecretBytes(copying: try vector.hex("psk"))
            initiator = try .nnpsk0(.initiator, prologue: prologue, psk: psk, ephemeral: ephemerals.0)
            responder = try .nnpsk0(.responder, prologue: prologue, psk: psk, ephemeral: ephemerals.1)
        } else {
            let key = try X25519.PrivateKey(vector, "resp_static")
            initiator = .initiatingIK(
                prologue: prologue, own: try X25519.PrivateKey(vector, "init_static"), remote: key.publicKey,
                ephemeral: ephemerals.0)
            responder = .respondingIK(prologue: prologue, own: key, ephemeral: ephemerals.1)
        }
        let messages = try vector.entries("messages").map { try Measured($0) }
        try messages[0].check(initiator.write(messages[0].payload)) { try responder.read($0) }
        try messages[1].check(responder.write(messages[1].payload)) { try initiator.read($0) }
        var mine = try initiator.split()
        var theirs = try responder.split()
        #expect(try vector.hex("handshake_hash") == mine.handshakeHash)
        for (index, message) in messages.enumerated().dropFirst(2) {
            if index.isMultiple(of: 2) {
                if message.rekey {
                    try mine.rekeySending()
                    try theirs.rekeyReceiving()
                }
                try message.check(mine.seal(message.payload)) { try theirs.open($0) }
            } else {
                if message.rekey {
                    try theirs.rekeySending()
                    try mine.rekeyReceiving()
                }
                try message.check(theirs.seal(message.payload)) { try mine.open($0) }
            }
        }
    }

    private static func pair(_ vector: Vector) throws -> NoisePair {
        let prologues = try (vector.hex("init_prologue"), vector.hex("resp_prologue"))
        let ephemerals = try (
            X25519.PrivateKey(vector, "init_ephemeral"), X25519.PrivateKey(vector, "resp_ephemeral")
        )
        guard vector.has("init_static") else {
            let psks = try (psk(vector, "init_psks"), psk(vector, "resp_psks"))
            return NoisePair(
                initiator: try .nnpsk0(
                    .initiator, prologue: prologues.0, psk: psks.0, ephemeral: ephemerals.0),
                responder: try .nnpsk0(
                    .responder, prologue: prologues.1, psk: psks.1, ephemeral: ephemerals.1))
        }
        return NoisePair(
            initiator: .initiatingIK(
                prologue: prologues.0, own: try X25519.PrivateKey(vector, "init_static"),
                remote: try X25519.PublicKey(vector.hex("init_remote_static")), ephemeral: ephemerals.0),
            responder: .respondingIK(
                prologue: prologues.1, own: try X25519.PrivateKey(vector, "resp_static"), ephemeral: ephemerals.1))
    }

    private static func psk(_ vector: Vector, _ member: String) throws -> SecretBytes {
        try SecretBytes(hex: try vector.json(member).elements[0].text)
    }

    private static func exchange(
        _ message: Vector, from sender: inout NoiseHandshake, to reader: inout NoiseHandshake
    ) throws {
        let written = try sender.write(message.hex("payload"))
        #expect(try Hex.encode(written) == message.text("ciphertext"))
        let payload = try reader.read(written)
        #expect(try Hex.encode(payload) == message.text("payload"))
    }

    private static func exchange(
        _ message: Vector, from sender: inout NoiseTransport, to reader: inout NoiseTransport
    ) throws {
        let sealed = try sender.seal(message.hex("payload"))
        #expect(try Hex.encode(sealed) == message.text("ciphertext"))
        let payload = try reader.open(sealed)
        #expect(try Hex.encode(payload) == message.text("payload"))
    }
}

/// A message whose payload's byte number n is n modulo 251.
private struct Measured {
    let payload: [UInt8]
    let rekey: Bool
    let sha256: String

    init(_ vector: Vector) throws {
        payload = (0..<Int(try vector.integer("size"))).map { UInt8($0 % 251) }
        rekey = try vector.bool("rekey")
        sha256 = try vector.text("sha256")
    }

    func check(_ message: [UInt8], read: ([UInt8]) throws -> [UInt8]) throws {
        #expect(Hex.encode(Digest.sha256(message)) == sha256)
        #expect(try read(message) == payload)
    }
}
