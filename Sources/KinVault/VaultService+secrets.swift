public import KinCrypto
public import KinWire

/// Passwords and credentials: what takes the handle.
extension VaultService {
    /// The password of a site.
    public func password(_ request: SitePasswordRequest, handle: VaultHandle?) async throws -> SecretBytes {
        try await withPrivateKey(.ed25519, VaultPath.site(request), handle: handle) {
            try SitePassword.derive(request, key: $0)
        }
    }

    /// Seals a credential.
    ///
    /// - Parameter keyVersion: 1 is the first.
    /// - Throws: `credential_name`, `credential_too_large`, besides what every use of a private key throws.
    public func encrypt(
        _ plaintext: SecretBytes, name: String, keyVersion: Int64 = 1, handle: VaultHandle?
    ) async throws -> EncryptedData {
        try await withPrivateKey(.ed25519, VaultPath.credential(version: keyVersion), handle: handle) {
            try CredentialSealer.seal(plaintext, name: name, key: $0, keyVersion: keyVersion)
        }
    }

    /// Opens a credential.
    ///
    /// - Throws: `credential_unreadable`, the same for every reason.
    public func decrypt(
        _ encrypted: EncryptedData, name: String, handle: VaultHandle?
    ) async throws -> SecretBytes {
        guard let path = try? VaultPath.credential(version: encrypted.keyVersion) else {
            throw KinError.credentialUnreadable
        }
        return try await withPrivateKey(.ed25519, path, handle: handle) {
            try CredentialSealer.open(encrypted, name: name, key: $0)
        }
    }

    /// Seals a credential anew, with a fresh salt, under the key of another version.
    public func rotate(
        _ encrypted: EncryptedData, name: String, to keyVersion: Int64, handle: VaultHandle?
    ) async throws -> EncryptedData {
        let plaintext = try await decrypt(encrypted, name: name, handle: handle)
        return try await encrypt(plaintext, name: name, keyVersion: keyVersion, handle: handle)
    }
}
