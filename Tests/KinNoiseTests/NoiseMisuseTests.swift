import KinCrypto
import KinTesting
import Testing

@testable import KinNoise

/// Mistakes of whoever uses it are errors, and leave it as it was.
@Suite struct NoiseMisuseTests {
    @Test("out of turn is said as such, and the handshake goes on", arguments: TestedPattern.allCases)
    func turns(pattern: TestedPattern) throws {
        var pair = try NoisePair.fresh(pattern)
        #expect(fault { _ = try pair.responder.write([]) } == .wrongTurn)
        #expect(fault { _ = try pair.initiator.read([1, 2, 3]) } == .wrongTurn)
        let first = try pair.initiator.write([1])
        #expect(fault { _ = try pair.initiator.write([1]) } == .wrongTurn)
        #expect(try pair.responder.read(first) == [1])
        #expect(fault { _ = try pair.responder.read(first) } == .wrongTurn)
        let second = try pair.responder.write([2])
        #expect(try pair.initiator.read(second) == [2])
        let finished = [pair.initiator.isFinished, pair.responder.isFinished]
        #expect(finished == [true, true])
        for turn in [pair.initiator.isTurn, pair.responder.isTurn] { #expect(!turn) }
        #expect(fault { _ = try pair.initiator.write([]) } == .wrongTurn)
        #expect(fault { _ = try pair.responder.read(second) } == .wrongTurn)
    }

    @Test("a handshake splits after its last message only", arguments: TestedPattern.allCases)
    func unfinished(pattern: TestedPattern) throws {
        for count in 0..<2 {
            var pair = try NoisePair.fresh(pattern)
            if count == 1 { _ = try pair.responder.read(pair.initiator.write([])) }
            #expect(Self.splitting(pair.initiator) == .unfinished)
        }
        var pair = try NoisePair.fresh(pattern)
        _ = fault { _ = try pair.responder.read([]) }
        #expect(Self.splitting(pair.responder) == .broken)
    }

    @Test("a payload fills a message to 65,535 bytes, and not beyond", arguments: TestedPattern.allCases)
    func lengths(pattern: TestedPattern) throws {
        var pair = try NoisePair.fresh(pattern)
        let overheads = pattern == .ik ? [96, 48] : [48, 48]
        let payloads = overheads.map { [UInt8](repeating: 5, count: 65_535 - $0) }
        #expect(fault { _ = try pair.initiator.write(payloads[0] + [5]) } == .tooLong)
        let first = try pair.initiator.write(payloads[0])
        #expect(first.count == 65_535)
        #expect(try pair.responder.read(first) == payloads[0])
        #expect(fault { _ = try pair.responder.write(payloads[1] + [5]) } == .tooLong)
        let second = try pair.responder.write(payloads[1])
        #expect(try pair.initiator.read(second) == payloads[1])
        var mine = try pair.initiator.split()
        let largest = [UInt8](repeating: 5, count: 65_519)
        #expect(fault { _ = try mine.seal(largest + [5]) } == .tooLong)
        let sealed = try mine.seal(largest)
        #expect(sealed.count == 65_535)
        #expect(fault { _ = try mine.open(sealed + [0]) } == .tooLong)
        #expect(fault { _ = try mine.open([1, 2]) } == .tooShort)
    }

    @Test("a psk has 32 bytes", arguments: [0, 31, 33])
    func psk(count: Int) {
        let found = fault { _ = try NoiseHandshake.nnpsk0(.initiator, prologue: [], psk: .random(count: count)) }
        #expect(found == .pskLength)
    }

    @Test("the last number is never used")
    func exhausted() throws {
        var sides = try NoisePair.ik().transports()
        sides.initiator.sending.nonce = .max - 1
        sides.responder.receiving.nonce = .max - 1
        let last = try sides.initiator.seal([1])
        #expect(try sides.responder.open(last) == [1])
        #expect(fault { _ = try sides.initiator.seal([1]) } == .nonceExhausted)
        #expect(fault { _ = try sides.responder.open(last) } == .nonceExhausted)
        // A new key does not begin to count again.
        try sides.initiator.rekeySending()
        #expect(fault { _ = try sides.initiator.seal([1]) } == .nonceExhausted)
    }

    @Test("a new key on one side alone is noticed; on both the stream goes on, and the other direction is untouched")
    func rekey() throws {
        var sides = try NoisePair.ik().transports()
        try sides.initiator.rekeySending()
        let message = try sides.initiator.seal([1])
        #expect(fault { _ = try sides.responder.open(message) } == .refused)
        try sides.responder.rekeyReceiving()
        #expect(try sides.responder.open(message) == [1])
        let answer = try sides.responder.seal([2])
        #expect(try sides.initiator.open(answer) == [2])
        let numbers = [sides.initiator.sent, sides.initiator.received, sides.responder.sent, sides.responder.received]
        #expect(numbers == [1, 1, 1, 1])
    }

    @Test("no two handshakes between the same keys have the same hash, and both sides have it alike")
    func hashes() throws {
        let (key, other) = (X25519.PrivateKey.random(), X25519.PrivateKey.random())
        var hashes: Set<[UInt8]> = []
        for _ in 0..<8 {
            let sides = try NoisePair(
                initiator: .initiatingIK(prologue: [], own: other, remote: key.publicKey),
                responder: .respondingIK(prologue: [], own: key)
            ).transports()
            let pair = [sides.initiator.handshakeHash, sides.responder.handshakeHash]
            #expect(pair[0] == pair[1] && pair[0].count == 32)
            hashes.insert(pair[0])
            let known = [sides.initiator.remoteStatic, sides.responder.remoteStatic]
            #expect(known == [key.publicKey, other.publicKey])
        }
        #expect(hashes.count == 8)
    }

    private static func splitting(_ handshake: consuming NoiseHandshake) -> NoiseFault? {
        do throws(NoiseFault) {
            _ = try handshake.split()
            return nil
        } catch {
            return error
        }
    }
}
