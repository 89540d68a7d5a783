import KinCrypto
import KinTesting
import KinVault
import KinWire
import Testing

@Suite struct VaultServiceTests {
    let vault = OpenVault()
    var service: VaultService { vault.service }

    @Test("a locked vault gives nothing, and locking it again is fine")
    func locked() async throws {
        await service.lock()
        #expect(await service.status() == VaultStatus(address: nil, locksAt: nil))
        for code in try await everyUse(handle: nil) { #expect(code == "vault_locked") }
    }

    @Test("an unlocked vault says whose it is and when it locks")
    func status() async throws {
        _ = try await vault.unlock()
        let status = await service.status()
        let wallet = try VaultVectors.file().entries("paths")[0]
        #expect(status.address?.bytes == (try wallet.hex("public")))
        #expect(status.locksAt == TestClock.start + 900_000)
    }

    @Test("a second unlock is refused, whatever its phrase, and leaves the first as it was")
    func secondUnlock() async throws {
        let handle = try await vault.unlock()
        let error = await OpenVault.code { _ = try await service.unlock(.generate()) }
        #expect(error == "already_unlocked")
        _ = try await service.walletSigner(handle: handle)
    }

    @Test("every unlocking has its own handle, dead once locked")
    func handles() async throws {
        let first = try await vault.unlock()
        await service.lock()
        #expect(await OpenVault.code { _ = try await service.walletSigner(handle: first) } == "vault_locked")
        let second = try await vault.unlock()
        #expect(first != second)
        #expect(await OpenVault.code { _ = try await service.walletSigner(handle: first) } == "handle_invalid")
        _ = try await service.walletSigner(handle: second)
    }

    @Test("a handle survives as text, and nothing else is one")
    func handleText() async throws {
        let handle = try await vault.unlock()
        #expect(handle.text.count == 43)
        #expect(VaultHandle(handle.text) == handle)
        #expect("\(handle)".contains("[redacted]"))
        for text in [
            "", "A", String(repeating: "A", count: 42), String(repeating: "A", count: 44),
            String(repeating: "*", count: 43),
        ] {
            #expect(VaultHandle(SecretBytes(text)) == nil)
        }
    }

    @Test("without the handle there are public keys and refusals, nothing more")
    func withoutHandle() async throws {
        _ = try await vault.unlock()
        #expect(try await service.ed25519PublicKey(DerivationPath("m/74'/0'/0'/0'")).count == 32)
        #expect(try await service.nostrPublicKey().npub.hasPrefix("npub1"))
        for code in try await everyPrivateUse(handle: nil) { #expect(code == "handle_required") }
    }

    @Test("wrong handles are answered ever more slowly, and the right one at once")
    func guessing() async throws {
        let handle = try await vault.unlock()
        let wrong = try VaultHandle(SecretBytes(String(repeating: "A", count: 43))).orThrow("handle")
        for _ in 0..<8 {
            #expect(await OpenVault.code { _ = try await service.walletSigner(handle: wrong) } == "handle_invalid")
        }
        #expect(vault.pauses.all == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].map { .milliseconds($0) })
        _ = try await service.walletSigner(handle: handle)
        #expect(vault.pauses.all.count == 8)
        #expect(await OpenVault.code { _ = try await service.walletSigner(handle: wrong) } == "handle_invalid")
        #expect(vault.pauses.all.last == .milliseconds(100))
    }

    @Test("eight wrong handles may wait at once; the ninth is turned away, the right one is not")
    func floods() async throws {
        let held = Observed(0)
        let gate = Observed(false)
        let service = VaultService(now: { TestClock.start }) { _ in
            held.update { $0 += 1 }
            _ = try? await gate.wait { $0 }
        }
        let handle = try await service.unlock(.generate())
        let wrong = try VaultHandle(SecretBytes(String(repeating: "A", count: 43))).orThrow("handle")
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<8 {
                group.addTask { await OpenVault.code { _ = try await service.walletSigner(handle: wrong) } }
            }
            _ = try? await held.wait { $0 == 8 }
            #expect(await OpenVault.code { _ = try await service.walletSigner(handle: wrong) } == "handle_attempts")
            #expect(await OpenVault.code { _ = try await service.walletSigner(handle: handle) } == nil)
            gate.update { $0 = true }
            for await code in group { #expect(code == "handle_invalid") }
        }
    }

    @Test("keys of the wallet, and those that lead there, never leave")
    func walletPaths() async throws {
        let handle = try await vault.unlock()
        let seed = try VaultVectors.seed()
        for text in ["m/44'/501'", "m/44'/501'/0'/0'", "m/44'/501'/1'/0'/5'"] {
            let path = try DerivationPath(text)
            #expect(await OpenVault.code { _ = try await service.ed25519PublicKey(path) } == "wallet_path_private")
            #expect(await OpenVault.code { _ = try await service.encryptionPublicKey(path) } == "wallet_path_private")
        }
        for text in ["m", "m/44'", "m/44'/501'", "m/44'/501'/0'/0'"] {
            let path = try DerivationPath(text)
            let code = await OpenVault.code {
                _ = try await service.privateKey(.ed25519, path, handle: handle, confirming: seed)
            }
            #expect(code == "wallet_path_private", "\(text)")
        }
    }

    @Test("a private key leaves only once the phrase is given again")
    func leaving() async throws {
        let handle = try await vault.unlock()
        let (again, other) = (try VaultVectors.seed(), Seed(phrase: try VaultVectors.phrase()))
        let vectors = try VaultVectors.file()
        let file = try await service.sshPrivateFile(comment: "laptop@home", handle: handle, confirming: again)
        #expect(file.text == (try vectors.entry("ssh").entries("keys")[0].text("private")))
        let nsec = try await service.nostrPrivateKey(5, handle: handle, confirming: again)
        #expect(nsec.text == (try vectors.entries("nostr")[1].text("nsec")))
        for seed in [other, again] {
            let handle = seed == again ? nil : handle
            let expected = seed == again ? "handle_required" : "phrase_mismatch"
            #expect(
                await OpenVault.code { _ = try await service.nostrPrivateKey(handle: handle, confirming: seed) }
                    == expected)
        }
    }

    /// The codes of every call that needs the vault unlocked.
    private func everyUse(handle: VaultHandle?) async throws -> [String?] {
        let path = try DerivationPath("m/74'/0'/0'/0'")
        return [
            await OpenVault.code { _ = try await service.ed25519PublicKey(path) },
            await OpenVault.code { _ = try await service.encryptionPublicKey(path) },
            await OpenVault.code { _ = try await service.ethereumPublicKey(VaultPath.ethereum()) },
            await OpenVault.code { _ = try await service.nostrPublicKey() },
            await OpenVault.code { _ = try await service.sshPublicLine(comment: "") },
        ] + (try await everyPrivateUse(handle: handle))
    }

    /// The codes of every call that uses a private key for its asker.
    private func everyPrivateUse(handle: VaultHandle?) async throws -> [String?] {
        let (seed, encrypted) = (try VaultVectors.seed(), EncryptedData(keyVersion: 1, salt: [], iv: [], data: []))
        let request = try SitePasswordRequest(site: "a").orThrow("request")
        return [
            await OpenVault.code { _ = try await service.password(request, handle: handle) },
            await OpenVault.code { _ = try await service.encrypt(SecretBytes("x"), name: "a", handle: handle) },
            await OpenVault.code { _ = try await service.decrypt(encrypted, name: "a", handle: handle) },
            await OpenVault.code { _ = try await service.rotate(encrypted, name: "a", to: 2, handle: handle) },
            await OpenVault.code { _ = try await service.ethereumSignature(over: [1], handle: handle) },
            await OpenVault.code {
                _ = try await service.sshPrivateFile(comment: "", handle: handle, confirming: seed)
            },
            await OpenVault.code { _ = try await service.nostrPrivateKey(handle: handle, confirming: seed) },
            await OpenVault.code {
                _ = try await service.privateKey(.ed25519, VaultPath.ssh(), handle: handle, confirming: seed)
            },
        ]
    }
}
