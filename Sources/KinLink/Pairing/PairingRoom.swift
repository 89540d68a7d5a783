import KinCrypto
import KinEncoding
import KinWire

/// What follows from a pairing code's token: the room that a relay may know, and the key that it may not.
public struct PairingRoom: Sendable {
    static let domain = Array("kindred/pair/v1".utf8)

    /// The room's name: 64 lower-case hex digits.
    public let name: String
    let psk: SecretBytes

    /// - Throws: `codeInvalid` unless the token has 16 bytes.
    public init(token: SecretBytes) throws(PairingFault) {
        guard token.count == PairingCode.tokenBytes else { throw .codeInvalid }
        let labelled = SecretBytes(count: Self.domain.count + token.count) { bytes in
            bytes.copyBytes(from: Self.domain)
            token.withBytes {
                UnsafeMutableRawBufferPointer(rebasing: bytes[Self.domain.count...]).copyMemory(from: $0)
            }
        }
        name = Digest.sha256(labelled).withBytes { Hex.encode($0) }
        psk = Digest.sha256(token)
    }

    public init(_ code: PairingCode) throws(PairingFault) {
        try self.init(token: SecretBytes(copying: code.token))
    }
}
