import KinCrypto
import KinEncoding
import KinTesting
import Testing

@testable import KinNoise

/// What somebody in between can do to messages.
@Suite struct NoiseTamperingTests {
    @Test(
        "a handshake message changed in any byte, cut anywhere or made longer is refused",
        arguments: TestedPattern.allCases)
    func handshake(pattern: TestedPattern) throws {
        for place in 0..<2 {
            let key = X25519.PrivateKey.random()
            let psk = SecretBytes.random(count: 32)
            var writer = try Self.side(pattern, .initiator, key, psk)
            var other = try Self.side(pattern, .responder, key, psk)
            var message = try writer.write([7, 7, 7])
            if place == 1 {
                _ = try other.read(message)
                message = try other.write([7, 7, 7])
            }
            for changed in Self.damages(of: message) {
                let ephemeral = X25519.PrivateKey.random()
                var reader = try Self.side(pattern, place == 0 ? .responder : .initiator, key, psk, ephemeral)
                if place == 1 { _ = try reader.write([7, 7, 7]) }
                let first = fault { _ = try reader.read(changed) }
                #expect([.refused, .keyInvalid, .tooShort].contains(first))
                #expect(fault { _ = try reader.read(message) } == .broken)
                #expect(fault { _ = try reader.write([]) } == .broken)
            }
        }
    }

    @Test("the second message fits its own handshake alone", arguments: TestedPattern.allCases)
    func otherHandshake(pattern: TestedPattern) throws {
        let (key, psk) = (X25519.PrivateKey.random(), SecretBytes.random(count: 32))
        var one = try Self.side(pattern, .initiator, key, psk)
        var other = try Self.side(pattern, .initiator, key, psk)
        var responder = try Self.side(pattern, .responder, key, psk)
        _ = try other.write([])
        _ = try responder.read(one.write([]))
        let answer = try responder.write([])
        #expect(fault { _ = try other.read(answer) } == .refused)
        #expect(fault { _ = try one.read(answer) } == nil)
    }

    @Test("another prologue, another psk or another responder's key is refused")
    func disagreement() throws {
        let keys = [X25519.PrivateKey.random(), .random()]
        var calling = NoiseHandshake.initiatingIK(prologue: [1], own: .random(), remote: keys[0].publicKey)
        let first = try calling.write([])
        for (prologue, key) in [([2], keys[0]), ([], keys[0]), ([1], keys[1])] as [([UInt8], X25519.PrivateKey)] {
            var called = NoiseHandshake.respondingIK(prologue: prologue, own: key)
            #expect(fault { _ = try called.read(first) } == .refused)
        }
        let psks = [SecretBytes.random(count: 32), .random(count: 32)]
        var entered = try NoiseHandshake.nnpsk0(.initiator, prologue: [1], psk: psks[0])
        let message = try entered.write([])
        for (prologue, psk) in [([2], psks[0]), ([1], psks[1])] as [([UInt8], SecretBytes)] {
            var shown = try NoiseHandshake.nnpsk0(.responder, prologue: prologue, psk: psk)
            #expect(fault { _ = try shown.read(message) } == .refused)
        }
    }

    @Test(
        "an ephemeral key of small order, or in a second spelling, is refused as such",
        arguments: [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ])
    func smallOrder(key: String) throws {
        let bytes = try Hex.decode(key)
        for pattern in TestedPattern.allCases {
            var pair = try NoisePair.fresh(pattern)
            var message = try pair.initiator.write([])
            message.replaceSubrange(..<32, with: bytes)
            #expect(fault { _ = try pair.responder.read(message) } == .keyInvalid)
            var other = try NoisePair.fresh(pattern)
            _ = try other.responder.read(other.initiator.write([]))
            var answer = try other.responder.write([])
            answer.replaceSubrange(..<32, with: bytes)
            #expect(fault { _ = try other.initiator.read(answer) } == .keyInvalid)
        }
    }

    @Test("a transport message changed in any byte, cut or longer is refused, and the right one still opens")
    func transport() throws {
        var sides = try NoisePair.ik().transports()
        let message = try sides.initiator.seal([1, 2, 3, 4, 5])
        for changed in Self.damages(of: message) {
            #expect([.refused, .tooShort].contains(fault { _ = try sides.responder.open(changed) }))
        }
        #expect(try sides.responder.open(message) == [1, 2, 3, 4, 5])
        let received = sides.responder.received
        #expect(received == 1)
    }

    @Test("repeated, reordered, left out or turned around: refused")
    func order() throws {
        var sides = try NoisePair.nnpsk0().transports()
        let messages = try (0..<4).map { try sides.initiator.seal([$0]) }
        #expect(try sides.responder.open(messages[0]) == [0])
        for wrong in [messages[0], messages[2], messages[3]] {
            #expect(fault { _ = try sides.responder.open(wrong) } == .refused)
        }
        #expect(fault { _ = try sides.initiator.open(messages[1]) } == .refused)
        #expect(try sides.responder.open(messages[1]) == [1])
        #expect(try sides.responder.open(messages[2]) == [2])
    }

    @Test("whatever bytes come, there is an answer")
    func anything() throws {
        var generator = SeededGenerator(seed: 1)
        for count in Array(0..<200) + [65_534, 65_535, 65_536, 70_000] {
            var pair = NoisePair.ik()
            let bytes = generator.bytes(count)
            #expect(fault { _ = try pair.responder.read(bytes) } != nil)
            var sides = try NoisePair.ik().transports()
            #expect(fault { _ = try sides.responder.open(bytes) } != nil)
        }
    }

    private static func side(
        _ pattern: TestedPattern, _ role: NoiseHandshake.Role, _ key: X25519.PrivateKey, _ psk: SecretBytes,
        _ ephemeral: X25519.PrivateKey = .random()
    ) throws -> NoiseHandshake {
        switch (pattern, role) {
        case (.nnpsk0, _): try .nnpsk0(role, prologue: [9], psk: psk, ephemeral: ephemeral)
        case (.ik, .initiator):
            .initiatingIK(prologue: [9], own: .random(), remote: key.publicKey, ephemeral: ephemeral)
        case (.ik, .responder): .respondingIK(prologue: [9], own: key, ephemeral: ephemeral)
        }
    }

    /// Each byte changed, each shorter length, one byte more.
    private static func damages(of message: [UInt8]) -> [[UInt8]] {
        let changed = message.indices.map { index in
            var message = message
            message[index] ^= 0x20
            return message
        }
        return changed + message.indices.map { Array(message[..<$0]) } + [message + [0]]
    }
}
