public import KinCrypto
public import KinWire

/// What travels, with its secrets in guarded memory.
public typealias SecretVaultRequest = VaultRequest<SecretBytes>
/// What travels back.
public typealias SecretVaultAnswer = VaultAnswer<SecretBytes>

extension SecretBytes: WireSecret {}

/// One service for every carrier: the daemon's routes, calls, and a command in whose own process it lives.
extension VaultService {
    /// - Parameter handle: what unlocking gave; nil where the asker gave none.
    /// - Throws: `KinError`, whatever went wrong.
    public func handle(
        _ request: SecretVaultRequest, handle: VaultHandle? = nil
    ) async throws(KinError) -> SecretVaultAnswer {
        do {
            return try await answer(request, handle: handle)
        } catch let error as KinError {
            throw error
        } catch let error as DerivationError {
            throw KinError(error.code, error.message, category: .usage)
        } catch let error as PhraseError {
            throw KinError(error.code, error.message, category: .usage)
        } catch let error as CryptoError {
            throw KinError(error.code, error.message)
        } catch {
            throw KinError("vault_failed", "the vault could not do this", retryable: error is CancellationError)
        }
    }

    private func answer(_ request: SecretVaultRequest, handle: VaultHandle?) async throws -> SecretVaultAnswer {
        switch request {
        case .unlock(let mnemonic, let passphrase):
            return try unlocked(by: mnemonic, passphrase: passphrase)
        case .lock:
            lock()
            return .locked
        case .status: return .status(status())
        case .derivePassword(let request): return .password(try await password(request, handle: handle))
        case .encrypt(let name, let plaintext, let version):
            return .encrypted(try await encrypt(plaintext, name: name, keyVersion: version ?? 1, handle: handle))
        case .decrypt(let name, let encrypted):
            return .plaintext(try await decrypt(encrypted, name: name, handle: handle))
        case .rotate(let name, let encrypted, let version):
            return .encrypted(try await rotate(encrypted, name: name, to: version, handle: handle))
        case .deriveEd25519, .deriveEncryptionKey, .deriveEthereumKey, .deriveNostrKey, .sshPublicKey:
            return try publicKey(request)
        }
    }

    private func publicKey(_ request: SecretVaultRequest) throws -> SecretVaultAnswer {
        switch request {
        case .deriveEd25519(let path):
            let path = try DerivationPath(path)
            return .publicKey(path: path.description, bytes: try ed25519PublicKey(path))
        case .deriveEncryptionKey(let path):
            let path = try DerivationPath(path)
            return .publicKey(path: path.description, bytes: try encryptionPublicKey(path))
        case .deriveEthereumKey(let text):
            let path = try text.map { text throws(DerivationError) in try DerivationPath(text) } ?? VaultPath.ethereum()
            let key = try ethereumPublicKey(path)
            return .ethereumKey(path: path.description, publicKey: key.bytes, address: key.address)
        case .deriveNostrKey(let n):
            let key = try nostrPublicKey(n)
            return .nostrKey(n: n, publicKey: key.bytes, npub: key.npub)
        case .sshPublicKey(let comment): return .sshPublicKey(try sshPublicLine(comment: comment ?? ""))
        default: throw KinError("invalid_request", "this asks for no public key", category: .usage)
        }
    }

    /// The check comes before the phrase is read, so that its answer says nothing of the phrase.
    private func unlocked(by mnemonic: SecretBytes, passphrase: SecretBytes?) throws -> SecretVaultAnswer {
        guard status().isLocked else { throw KinError.alreadyUnlocked }
        let handle = try unlock(
            Phrase(parsing: mnemonic), passphrase: passphrase ?? SecretBytes(copying: []))
        guard let address = status().address else { throw KinError.vaultLocked }
        return .unlocked(address: address, handle: handle.text)
    }
}
