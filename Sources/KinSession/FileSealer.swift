import KinCrypto
import KinEncoding
import KinWire

/// Seals and opens the chunks of one file (docs/protocol/files.md, "A sealed file"). Safe to use from any thread.
///
/// Nonces are random, so a chunk that is sealed again after an interruption never meets an earlier one's.
public struct FileSealer: Sendable {
    /// A chunk is not the one that was sealed in its place.
    public struct Tampered: Error, Hashable, Sendable {
        public let index: Int64
    }

    public let form: SealedFileForm
    private let key: SecretBytes
    private let mesh: MeshID
    private let file: ULID

    /// - Parameters:
    ///   - key: 32 bytes, for this file alone.
    ///   - size: of the whole plaintext.
    public init(key: SecretBytes, mesh: MeshID, file: ULID, size: Int64) {
        precondition(key.count == SealedFileForm.keyBytes, "a file's key has 32 bytes")
        self.key = key
        self.mesh = mesh
        self.file = file
        form = SealedFileForm(size: size)
    }

    /// - Parameters:
    ///   - plaintext: as many bytes as the form says of that chunk.
    ///   - nonce: 24 bytes; random unless a test says otherwise.
    public func seal(
        _ plaintext: some Collection<UInt8>, chunk index: Int64,
        nonce: [UInt8] = Random.bytes(SealedFileForm.nonceBytes)
    ) throws(CryptoError) -> [UInt8] {
        try XChaChaPoly.seal(plaintext, key: key, nonce: nonce, authenticating: additionalData(index))
    }

    public func open(_ sealed: some Collection<UInt8>, chunk index: Int64) throws(Tampered) -> [UInt8] {
        guard index >= 0, index < form.chunks, sealed.count == form.sealedCount(ofChunk: index) else {
            throw Tampered(index: index)
        }
        do throws(CryptoError) {
            return try XChaChaPoly.open(sealed, key: key, authenticating: additionalData(index))
        } catch {
            throw Tampered(index: index)
        }
    }

    private func additionalData(_ index: Int64) -> [UInt8] {
        SealedFileForm.additionalData(mesh: mesh, file: file, index: index, isLast: form.isLast(index))
    }
}
