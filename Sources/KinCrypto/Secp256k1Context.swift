import CSecp256k1

/// libsecp256k1's tables, made once for the process.
///
/// `@unchecked Sendable` because the context is blinded in `init` and only read afterwards, which the library allows
/// from any number of threads.
final class Secp256k1Context: @unchecked Sendable {
    static let shared = Secp256k1Context()

    let pointer: OpaquePointer

    private init() {
        guard let pointer = secp256k1_context_create(UInt32(SECP256K1_FLAGS_TYPE_CONTEXT)) else {
            fatalError("no memory for libsecp256k1")
        }
        // Blinding guards against side channels; without it results are the same.
        let seed = SecretBytes.random(count: 32)
        let blinded = seed.withBytes { secp256k1_context_randomize(pointer, $0.octets) }
        assert(blinded == 1, "randomisation does not fail with a context of its own")
        self.pointer = pointer
    }
}
