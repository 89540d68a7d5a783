import COpenSSL
import CSodium

/// OpenSSL's part of this package: its ciphers, which use what the processor offers and erase their copy of the key.
enum OpenSSL {
    /// A cipher, looked up once.
    ///
    /// Unchecked: OpenSSL's object is not changed once it was fetched, and may be used by any thread (EVP_CIPHER_fetch(3)).
    struct Cipher: @unchecked Sendable {
        fileprivate let pointer: OpaquePointer
    }

    static let chaChaPoly = cipher("ChaCha20-Poly1305")

    /// In a library context of its own: what openssl.cnf says, on a machine and for other programs, changes nothing here. At the end of the process nothing
    /// is torn down under the feet of threads that still seal.
    private static func cipher(_ name: String) -> Cipher {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT), nil)
        guard let library = OSSL_LIB_CTX_new(), let cipher = EVP_CIPHER_fetch(library, name, nil) else {
            // Without the cipher no link and no record of any device can be opened, and no later call can go better.
            fatalError("this machine's OpenSSL (libcrypto) has no \(name)")
        }
        return Cipher(pointer: cipher)
    }

    /// One message under one key. Each step returns whether it went well.
    struct Message {
        private let context: OpaquePointer

        /// Bytes of stack that a step may have used, several times over.
        private static let stackDepth = 4096

        /// What `steps` return, or false where OpenSSL has no memory left. Its copy of the key is erased at the end.
        static func run(
            _ cipher: Cipher, key: SecretBytes, nonce: [UInt8], sealing: Bool, steps: (Message) -> Bool
        ) -> Bool {
            guard let context = EVP_CIPHER_CTX_new() else { return false }
            defer {
                EVP_CIPHER_CTX_free(context)
                // Without AVX-512 OpenSSL leaves the key below here.
                sodium_stackzero(stackDepth)
            }
            let isReady = key.withBytes { key in
                EVP_CipherInit_ex2(context, cipher.pointer, key.octets, nonce, sealing ? 1 : 0, nil) == 1
            }
            return isReady && steps(Message(context: context))
        }

        /// Takes in what is authenticated and not sealed.
        func authenticate(_ additional: UnsafeBufferPointer<UInt8>) -> Bool {
            guard let count = Int32(exactly: additional.count) else { return false }
            var written: Int32 = 0
            return count == 0 || EVP_CipherUpdate(context, nil, &written, additional.octets, count) == 1
        }

        /// Seals or opens, byte for byte. `output` may be the input itself.
        func transform(_ input: UnsafeBufferPointer<UInt8>, into output: UnsafeMutablePointer<UInt8>) -> Bool {
            guard let count = Int32(exactly: input.count) else { return false }
            var written: Int32 = 0
            return count == 0
                || EVP_CipherUpdate(context, output, &written, input.octets, count) == 1 && written == count
        }

        /// Ends a message that was sealed.
        func writeTag(to tag: UnsafeMutableBufferPointer<UInt8>) -> Bool {
            finish() && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), tag.octets) == 1
        }

        /// Ends a message that was opened: whether it is what was sealed.
        func verify(_ tag: UnsafeBufferPointer<UInt8>) -> Bool {
            // OpenSSL only reads it.
            let expected = UnsafeMutablePointer(mutating: tag.octets)
            return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), expected) == 1 && finish()
        }

        private func finish() -> Bool {
            var written: Int32 = 0
            var rest: UInt8 = 0
            return EVP_CipherFinal_ex(context, &rest, &written) == 1 && written == 0
        }
    }
}
