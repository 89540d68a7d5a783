import KinCrypto

/// A key and the number of the next message under it (Noise rev 34, section 5.1). Not copyable: a copy would use a nonce twice.
struct CipherState: ~Copyable, Sendable {
    /// nil before the first agreement: then bytes pass as they are.
    private var key: SecretBytes?
    /// Internal, so that a test need not send 2^64 messages.
    var nonce: UInt64 = 0

    init(key: SecretBytes? = nil) { self.key = key }

    /// - Throws: `nonceExhausted`.
    mutating func seal(
        _ plaintext: some Collection<UInt8>, authenticating additional: [UInt8]
    ) throws(NoiseFault) -> [UInt8] {
        guard let key else { return Array(plaintext) }
        guard nonce < .max else { throw .nonceExhausted }
        do throws(CryptoError) {
            let sealed = try ChaChaPoly.seal(plaintext, key: key, nonce: nonceBytes, authenticating: additional)
            nonce += 1
            return sealed
        } catch {
            throw .refused
        }
    }

    /// A refused message does not count.
    /// - Throws: `nonceExhausted`, `refused`.
    mutating func open(
        _ sealed: some Collection<UInt8>, authenticating additional: [UInt8]
    ) throws(NoiseFault) -> [UInt8] {
        guard let key else { return Array(sealed) }
        guard nonce < .max else { throw .nonceExhausted }
        do throws(CryptoError) {
            let plaintext = try ChaChaPoly.open(sealed, key: key, nonce: nonceBytes, authenticating: additional)
            nonce += 1
            return plaintext
        } catch {
            throw .refused
        }
    }

    /// Goes on with the key that follows; the numbers go on too.
    /// - Throws: `refused` where it could not be made.
    mutating func rekey() throws(NoiseFault) {
        guard let key else { return }
        do throws(CryptoError) { self.key = try ChaChaPoly.nextKey(after: key) } catch { throw .refused }
    }

    /// Four zeros, then the number, little-endian (section 12.3).
    private var nonceBytes: [UInt8] {
        [0, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: nonce >> ($0 * 8)) }
    }
}
