import KinCrypto
import KinWire

/// Seals credentials for a place of storage that need not be trusted (docs/protocol/vault.md, "Credentials").
public enum CredentialSealer {
    private static let label = "kindred/credential/v1"

    /// - Parameters:
    ///   - plaintext: at most 64 KiB.
    ///   - name: what the credential is called; it opens under no other name.
    ///   - key: the one at `VaultPath.credential(version: keyVersion)`.
    ///   - random: fresh bytes, as many as it is asked for.
    /// - Throws: `credential_name`, `credential_too_large`.
    public static func seal(
        _ plaintext: SecretBytes, name: String, key: borrowing DerivedKey, keyVersion: Int64,
        random: (Int) -> [UInt8] = { Random.bytes($0) }
    ) throws(KinError) -> EncryptedData {
        guard CredentialName.isValid(name) else {
            throw KinError(
                "credential_name", "a credential's name is 1 to 255 bytes without control characters", category: .usage)
        }
        guard plaintext.count <= EncryptedData.maxPlaintextBytes else {
            throw KinError(
                "credential_too_large", "a credential is at most 64 KiB: seal a key to the file instead",
                category: .tooLarge)
        }
        var sealed = EncryptedData(
            keyVersion: keyVersion, salt: random(32), iv: random(AESGCM.nonceCount), data: [])
        do {
            sealed.data = try AESGCM.seal(
                plaintext, key: sealingKey(key, salt: sealed.salt), nonce: sealed.iv,
                authenticating: additional(name: name, keyVersion: keyVersion))
        } catch {
            throw KinError(error.code, error.message)
        }
        return sealed
    }

    /// - Parameter key: the one at `VaultPath.credential(version: encrypted.keyVersion)`.
    /// - Throws: `credential_unreadable`, the same for every reason.
    public static func open(
        _ encrypted: EncryptedData, name: String, key: borrowing DerivedKey
    ) throws(KinError) -> SecretBytes {
        do {
            return try AESGCM.open(
                encrypted.data, key: sealingKey(key, salt: encrypted.salt), nonce: encrypted.iv,
                authenticating: additional(name: name, keyVersion: encrypted.keyVersion))
        } catch {
            throw .credentialUnreadable
        }
    }

    private static func sealingKey(_ key: borrowing DerivedKey, salt: [UInt8]) -> SecretBytes {
        HKDF.sha256(key.privateKey, salt: salt, info: Array(label.utf8), count: 32)
    }

    private static func additional(name: String, keyVersion: Int64) -> [UInt8] {
        Array("\(label)|\(keyVersion)|\(name)".utf8)
    }
}

extension KinError {
    static let credentialUnreadable = KinError(
        "credential_unreadable",
        "the credential does not open: it is of another phrase, another name or another key version, or it was changed",
        category: .refused)
}
