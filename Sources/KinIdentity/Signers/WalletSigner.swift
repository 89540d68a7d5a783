import KinWire

/// Whatever can give the wallet's word: the unlocked vault, later a phone.
///
/// Cancelling the calling task ends the request with `CancellationError`. A signer refuses with a `KinError` of category `refused`;
/// one that waits for somebody gives up with `signer_timeout`, which is retryable. What it returns is of the wallet `address` and no other.
public protocol WalletSigner: Sendable {
    /// The wallet that signs.
    var address: WalletAddress { get }

    /// Signs `domain ‖ 0x00 ‖ bytes` with the wallet's Ed25519 key.
    /// - Returns: 64 bytes.
    func signature(over bytes: [UInt8], domain: String) async throws -> [UInt8]
}

extension WalletSigner {
    /// The same statement with the wallet's signature.
    public func sign<S: SingleSignatureStatement>(_ statement: S) async throws -> S {
        var signed = statement
        signed.signature = try await signature(over: statement.unsignedBytes(), domain: S.domain)
        return signed
    }
}
