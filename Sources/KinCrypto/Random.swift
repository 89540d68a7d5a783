import CSodium

/// The system's cryptographic randomness, for what is not secret: nonces, identifiers. Secrets: `SecretBytes.random`.
public enum Random {
    public static func bytes(_ count: Int) -> [UInt8] {
        _ = Sodium.ready
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            randombytes_buf(bytes.octets, count)
            initialized = count
        }
    }
}
