import KinCrypto
import KinTesting

@testable import KinNoise

/// Both sides of one handshake.
struct NoisePair: ~Copyable {
    var initiator: NoiseHandshake
    var responder: NoiseHandshake

    /// Both with fresh keys.
    static func ik(prologue: [UInt8] = [1, 2, 3]) -> NoisePair {
        let key = X25519.PrivateKey.random()
        return NoisePair(
            initiator: .initiatingIK(prologue: prologue, own: .random(), remote: key.publicKey),
            responder: .respondingIK(prologue: prologue, own: key))
    }

    static func nnpsk0(prologue: [UInt8] = [1, 2, 3]) throws -> NoisePair {
        let psk = SecretBytes.random(count: 32)
        return NoisePair(
            initiator: try .nnpsk0(.initiator, prologue: prologue, psk: psk),
            responder: try .nnpsk0(.responder, prologue: prologue, psk: psk))
    }

    static func fresh(_ pattern: TestedPattern) throws -> NoisePair {
        switch pattern {
        case .ik: ik()
        case .nnpsk0: try nnpsk0()
        }
    }

    /// Both sides' transports.
    consuming func transports() throws -> NoiseTransports {
        _ = try responder.read(initiator.write([]))
        _ = try initiator.read(responder.write([]))
        return NoiseTransports(initiator: try initiator.split(), responder: try responder.split())
    }
}

struct NoiseTransports: ~Copyable {
    var initiator: NoiseTransport
    var responder: NoiseTransport
}

enum TestedPattern: String, CaseIterable, CustomStringConvertible {
    case ik = "IK"
    case nnpsk0 = "NNpsk0"

    var description: String { rawValue }
}

/// The fault that `body` ends with.
func fault(_ body: () throws -> Void) -> NoiseFault? {
    do {
        try body()
        return nil
    } catch {
        return error as? NoiseFault
    }
}

extension X25519.PrivateKey {
    init(_ vector: Vector, _ member: String) throws {
        try self.init(SecretBytes(copying: vector.hex(member)))
    }
}
