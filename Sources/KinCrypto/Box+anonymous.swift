import CSodium

/// libsodium's sealed box: anyone can seal to a public key, nobody can tell who did.
extension Box {
    /// The bytes that sealing anonymously adds.
    public static let anonymousOverhead = Int(crypto_box_PUBLICKEYBYTES + crypto_box_MACBYTES)

    public static func sealAnonymously(
        _ plaintext: some Collection<UInt8>, to recipient: X25519.PublicKey
    ) -> [UInt8] {
        _ = Sodium.ready
        let count = plaintext.count + anonymousOverhead
        return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            plaintext.withContiguousBytes {
                _ = crypto_box_seal(output.octets, $0.octets, UInt64($0.count), recipient.bytes)
            }
            initialized = count
        }
    }

    /// The plaintext, or nil where it was sealed to another key or changed.
    public static func openAnonymously(
        _ box: some Collection<UInt8>, with recipient: X25519.PrivateKey
    ) -> [UInt8]? {
        let count = box.count - anonymousOverhead
        guard count >= 0 else { return nil }
        var opened = false
        let plaintext = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            box.withContiguousBytes { box in
                recipient.secret.withBytes { secret in
                    opened =
                        crypto_box_seal_open(
                            output.octets, box.octets, UInt64(box.count), recipient.publicKey.bytes,
                            secret.octets) == 0
                }
            }
            initialized = opened ? count : 0
        }
        return opened ? plaintext : nil
    }
}
