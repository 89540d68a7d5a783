import CSodium

/// A key from a passphrase (RFC 9106, Argon2id version 1.3, one lane), made slow and hungry for memory, so that guessing
/// is dear.
public enum Argon2id {
    /// The bytes of a salt.
    public static let saltCount = Int(crypto_pwhash_SALTBYTES)

    /// How dear one guess is.
    public struct Parameters: Hashable, Sendable {
        /// Passes over the memory.
        public let operations: Int
        /// Memory in bytes.
        public let memory: Int

        /// libsodium's MODERATE: 3 passes over 256 MiB, about a second.
        public static let moderate = Parameters(
            uncheckedOperations: Int(crypto_pwhash_OPSLIMIT_MODERATE), memory: Int(crypto_pwhash_MEMLIMIT_MODERATE))
        /// libsodium's MIN: for tests, where nothing is guarded.
        public static let minimum = Parameters(
            uncheckedOperations: Int(crypto_pwhash_OPSLIMIT_MIN), memory: Int(crypto_pwhash_MEMLIMIT_MIN))

        /// Parameters out of a file, which must not make its reader work for hours or swallow the machine.
        ///
        /// - Returns: nil unless there are 1 to 16 passes over 8 KiB to 1 GiB.
        public init?(operations: Int, memory: Int) {
            guard 1...16 ~= operations, 8 << 10...1 << 30 ~= memory else { return nil }
            self.init(uncheckedOperations: operations, memory: memory)
        }

        private init(uncheckedOperations operations: Int, memory: Int) {
            self.operations = operations
            self.memory = memory
        }
    }

    /// `count` bytes, 16 at least, from `passphrase`.
    ///
    /// - Parameter salt: 16 bytes, random for each passphrase.
    /// - Throws: `argon2id_salt`, or `argon2id_memory` where the system does not give the memory.
    public static func derive(
        _ passphrase: SecretBytes, salt: [UInt8], parameters: Parameters, count: Int
    ) throws(CryptoError) -> SecretBytes {
        guard salt.count == saltCount else {
            throw CryptoError(code: "argon2id_salt", message: "Argon2id takes a salt of 16 bytes here")
        }
        precondition(count >= Int(crypto_pwhash_BYTES_MIN), "Argon2id gives at least 16 bytes")
        return try SecretBytes(count: count) { (output) throws(CryptoError) in
            let result = passphrase.withBytes { passphrase in
                passphrase.octets.withMemoryRebound(to: CChar.self, capacity: passphrase.count) { characters in
                    crypto_pwhash(
                        output.octets, UInt64(count), characters, UInt64(passphrase.count), salt,
                        UInt64(parameters.operations), parameters.memory, crypto_pwhash_ALG_ARGON2ID13)
                }
            }
            guard result == 0 else {
                throw CryptoError(
                    code: "argon2id_memory",
                    message: "the system did not give the \(parameters.memory >> 20) MiB that this passphrase takes")
            }
        }
    }
}
