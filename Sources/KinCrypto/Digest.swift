import CSodium
import Crypto

/// SHA-2 (FIPS 180-4).
public enum Digest {
    /// The 32 bytes of SHA-256.
    public static func sha256(_ bytes: some Collection<UInt8>) -> [UInt8] {
        bytes.withContiguousBytes { Array(SHA256.hash(data: UnsafeRawBufferPointer($0))) }
    }

    /// The 64 bytes of SHA-512.
    public static func sha512(_ bytes: some Collection<UInt8>) -> [UInt8] {
        bytes.withContiguousBytes { Array(SHA512.hash(data: UnsafeRawBufferPointer($0))) }
    }

    /// The 32 bytes of SHA-256 of a secret, by libsodium, which erases its working memory.
    public static func sha256(_ secret: SecretBytes) -> SecretBytes {
        SecretBytes(count: Int(crypto_hash_sha256_BYTES)) { digest in
            secret.withBytes { _ = crypto_hash_sha256(digest.octets, $0.octets, UInt64($0.count)) }
        }
    }
}
