import KinWire

/// Whatever can sign for a Nostr key: a key that is held, later a bunker.
///
/// Cancelling the calling task ends the request with `CancellationError`. A signer refuses with a `KinError` of category
/// `refused`; one that waits for somebody gives up with `signer_timeout`, which is retryable.
public protocol NostrSigner: Sendable {
    /// The key that signs: 32 bytes, x only (BIP-340).
    var publicKey: [UInt8] { get }

    /// Signs the id of an event (NIP-01), which is the SHA-256 of its serialisation: 32 bytes, signed as they are.
    ///
    /// - Returns: 64 bytes, a Schnorr signature (BIP-340).
    /// - Throws: `nostr_id_length` unless there are 32 bytes.
    func signature(over id: [UInt8]) async throws -> [UInt8]
}

extension KinError {
    /// What is to be signed is no event's id.
    public static let nostrIDLength = KinError(
        "nostr_id_length", "what a Nostr key signs is the id of an event: 32 bytes", category: .usage)

    /// Nobody answered a signer in time.
    public static let signerTimeout = KinError(
        "signer_timeout", "the signer did not answer in time: see that it is there, and try again",
        category: .unreachable, retryable: true)
}
