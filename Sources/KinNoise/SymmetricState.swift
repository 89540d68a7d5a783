import KinCrypto

/// What both sides mix alike while they shake hands (Noise rev 34, section 5.2).
struct SymmetricState: ~Copyable, Sendable {
    private static let hashCount = 32

    /// Over everything sent and known so far.
    private(set) var hash: [UInt8]
    private var chainingKey: SecretBytes
    private var cipher = CipherState()

    init(protocolName: String, prologue: [UInt8]) {
        let name = Array(protocolName.utf8)
        hash =
            name.count <= Self.hashCount
            ? name + [UInt8](repeating: 0, count: Self.hashCount - name.count) : Digest.sha256(name)
        chainingKey = SecretBytes(copying: hash)
        mixHash(prologue)
    }

    mutating func mixHash(_ bytes: [UInt8]) {
        hash = Digest.sha256(hash + bytes)
    }

    mutating func mixKey(_ material: SecretBytes) {
        let derived = derive(material, keys: 2)
        chainingKey = derived[0]
        cipher = CipherState(key: derived[1])
    }

    /// For a pre-shared key.
    mutating func mixKeyAndHash(_ material: SecretBytes) {
        let derived = derive(material, keys: 3)
        chainingKey = derived[0]
        mixHash(derived[1].withBytes { Array($0) })
        cipher = CipherState(key: derived[2])
    }

    mutating func encryptAndHash(_ plaintext: some Collection<UInt8>) throws(NoiseFault) -> [UInt8] {
        let sealed = try cipher.seal(plaintext, authenticating: hash)
        mixHash(sealed)
        return sealed
    }

    mutating func decryptAndHash(_ sealed: [UInt8]) throws(NoiseFault) -> [UInt8] {
        let plaintext = try cipher.open(sealed, authenticating: hash)
        mixHash(sealed)
        return plaintext
    }

    /// The keys of the transport: the initiator's messages go under the first.
    consuming func split() -> (initiator: SecretBytes, responder: SecretBytes) {
        let derived = derive(SecretBytes(copying: []), keys: 2)
        return (derived[0], derived[1])
    }

    /// HKDF (section 4.3): RFC 5869 with the chaining key as salt and no info.
    private func derive(_ material: SecretBytes, keys count: Int) -> [SecretBytes] {
        let whole = HKDF.sha256(material, salt: chainingKey, info: [], count: count * Self.hashCount)
        return whole.withBytes { whole in
            (0..<count).map { SecretBytes(copying: whole[$0 * Self.hashCount..<($0 + 1) * Self.hashCount]) }
        }
    }
}
