import KinCrypto
import KinEncoding
import KinWire

/// Groups of digits by which two people see that their machines mean the same.
///
/// Of keys, thirty digits: SHA-512 over `kindred/safety-number/v1`, a zero byte and the keys; six times five bytes of it, each as a big-endian number
/// modulo 100,000. Of a pairing, sixteen hex digits.
public struct SafetyNumber: Hashable, Sendable, CustomStringConvertible {
    private static let domain = "kindred/safety-number/v1"
    private static let pairingDomain = "kindred/sas/v1"
    private let groups: [String]

    private init(of bytes: [UInt8]) {
        let hash = Digest.sha512(Array(Self.domain.utf8) + [0] + bytes)
        groups = (0..<6).map { group in
            let number = hash[group * 5..<group * 5 + 5].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 100_000
            let digits = String(number)
            return String(repeating: "0", count: 5 - digits.count) + digits
        }
    }

    /// Of a machine: its id and both its keys.
    public static func of(_ request: JoinRequest) -> SafetyNumber {
        SafetyNumber(of: Array(request.machineID.description.utf8) + request.ed25519 + request.x25519)
    }

    /// Of a family: its wallet.
    public static func of(_ wallet: WalletAddress) -> SafetyNumber { SafetyNumber(of: wallet.bytes) }

    /// Of a pairing: the first eight bytes of SHA-256 over `kindred/sas/v1` and the hash of its handshake, as four groups of four hex digits.
    public static func ofPairing(handshakeHash: [UInt8]) -> SafetyNumber {
        let digest = Digest.sha256(Array(pairingDomain.utf8) + handshakeHash)
        return SafetyNumber(groups: (0..<4).map { Hex.encode(digest[$0 * 2..<$0 * 2 + 2]) })
    }

    private init(groups: [String]) { self.groups = groups }

    /// As in `12345 67890 …`, or `89ab cdef …`.
    public var description: String { groups.joined(separator: " ") }
}
