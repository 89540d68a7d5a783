import KinCrypto
import KinEncoding

/// What unlocking a vault gives: whoever holds it may use the private keys until the vault locks. 32 random bytes.
public struct VaultHandle: Sendable, Equatable {
    private static let count = 32
    private let bytes: SecretBytes

    /// A fresh one.
    static func random() -> VaultHandle { VaultHandle(bytes: .random(count: count)) }

    private init(bytes: SecretBytes) { self.bytes = bytes }

    /// Reads the text form.
    ///
    /// - Returns: nil unless it is base64url of 32 bytes.
    public init?(_ text: SecretBytes) {
        let bytes = text.withBytes { text -> SecretBytes? in
            guard (try? Base64URL.decodedCount(text)) == Self.count else { return nil }
            return try? SecretBytes(count: Self.count) { try Base64URL.decode(text, into: $0) }
        }
        guard let bytes else { return nil }
        self.bytes = bytes
    }

    /// 43 characters, base64url.
    public var text: SecretBytes {
        SecretBytes(count: Base64URL.encodedCount(Self.count)) { text in
            bytes.withBytes { Base64URL.encode($0, into: text) }
        }
    }
}
