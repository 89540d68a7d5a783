import CSodium

/// By libsodium, on processors that have instructions for AES. The expanded key lives in guarded memory too.
extension AESGCM {
    private typealias Schedule = crypto_aead_aes256gcm_state

    private static func withSchedule<R>(_ key: SecretBytes, _ body: (UnsafePointer<Schedule>) -> R) -> R {
        // Its size is a multiple of the 16 bytes that it must be aligned to, and guarded memory ends with a page.
        let guarded = SecretBytes(count: MemoryLayout<Schedule>.stride) { guarded in
            key.withBytes { key in
                guarded.octets.withMemoryRebound(to: Schedule.self, capacity: 1) {
                    _ = crypto_aead_aes256gcm_beforenm($0, key.octets)
                }
            }
        }
        return guarded.withBytes { $0.octets.withMemoryRebound(to: Schedule.self, capacity: 1, body) }
    }

    static func sodiumSeal(
        _ plaintext: SecretBytes, key: SecretBytes, nonce: [UInt8], authenticating additional: [UInt8]
    ) -> [UInt8] {
        let count = plaintext.count + overhead
        return [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
            withSchedule(key) { schedule in
                plaintext.withBytes {
                    _ = crypto_aead_aes256gcm_encrypt_afternm(
                        output.octets, nil, $0.octets, UInt64($0.count), additional, UInt64(additional.count), nil,
                        nonce, schedule)
                }
            }
            initialized = count
        }
    }

    /// - Parameter sealed: at least a tag.
    static func sodiumOpen(
        _ sealed: [UInt8], key: SecretBytes, nonce: [UInt8], authenticating additional: [UInt8]
    ) throws(CryptoError) -> SecretBytes {
        try SecretBytes(count: sealed.count - overhead) { (output) throws(CryptoError) in
            let result = withSchedule(key) { schedule in
                crypto_aead_aes256gcm_decrypt_afternm(
                    output.octets, nil, nil, sealed, UInt64(sealed.count), additional, UInt64(additional.count), nonce,
                    schedule)
            }
            guard result == 0 else { throw refused }
        }
    }
}
