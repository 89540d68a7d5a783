#if os(Linux)
    import Foundation
    import KinCrypto
    import KinTesting
    import KinVault
    import KinWire
    import Testing

    /// Secrets must be gone from the whole process once their owners are: read off `/proc/self/mem`.
    @Suite(.serialized) struct MemoryTests {
        @Test("entropy, words, seed and private keys leave no copy behind")
        func erasure() async {
            // A process of its own: the whole run's memory takes minutes to search.
            await #expect(processExitsWith: .success) { try MemoryTests.checkErasure() }
        }

        @Test("a secret that is still held is found, so the search works")
        func control() async {
            await #expect(processExitsWith: .success) { try MemoryTests.checkSearch() }
        }

        @Test("the key of ChaCha20-Poly1305 leaves no copy behind, whatever was done with it")
        func cipherKey() async {
            await #expect(processExitsWith: .success) { try MemoryTests.checkCipher() }
        }

        @Test("nor does it on a processor without AVX-512, where OpenSSL takes another way")
        func cipherKeyOnOlderProcessor() async throws {
            // OpenSSL looks at this when it is loaded: this program again, with that one test.
            let process = Process()
            process.executableURL = URL(
                filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            process.arguments = ["--testing-library", "swift-testing", "--filter", "MemoryTests.cipherKey\\(\\)"]
            process.environment = ProcessInfo.processInfo.environment.merging(
                ["OPENSSL_ia32cap": ":~0x80010000", "LD_BIND_NOW": "1"]) { $1 }
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }

        /// Each use on a thread of its own, whose stack is not used again before it was searched.
        private static func checkCipher() throws {
            let key = SecretBytes.random(count: 32)
            let needles = try [key, ChaChaPoly.nextKey(after: key)].map { $0.withBytes { SecretBytes(copying: $0) } }
            // Copying leaves a copy in a register of the processor, and binding a function late puts that on the stack.
            _ = SecretBytes(copying: [UInt8](repeating: 0, count: 64))
            let searched = DispatchSemaphore(value: 0)
            for use in try uses(of: key) {
                let done = DispatchSemaphore(value: 0)
                Thread.detachNewThread {
                    use()
                    done.signal()
                    searched.wait()
                }
                done.wait()
            }
            // One of the first is the key itself.
            let found = try ProcessMemory.copies(of: needles)
            #expect(found == [1, 0])
            withExtendedLifetime(key) {}
        }

        private static func uses(of key: SecretBytes) throws -> [@Sendable () -> Void] {
            let nonce = [UInt8](repeating: 1, count: 12)
            var uses: [@Sendable () -> Void] = [{ _ = try? ChaChaPoly.nextKey(after: key) }]
            for count in [0, 1, 64, 300, 65_000] {
                let text = [UInt8](repeating: 7, count: count)
                let sealed = try ChaChaPoly.seal(text, key: key, nonce: nonce, authenticating: nonce)
                uses += [
                    { _ = try? ChaChaPoly.seal(text, key: key, nonce: nonce, authenticating: nonce) },
                    { _ = try? ChaChaPoly.open(sealed, key: key, nonce: nonce, authenticating: nonce) },
                    { _ = try? ChaChaPoly.open(sealed, key: key, nonce: nonce, authenticating: []) },
                ]
            }
            return uses
        }

        private static func checkErasure() throws {
            var needles: [(name: String, bytes: SecretBytes)] = []
            try derive(into: &needles)
            #expect(needles.count == 6)
            for (needle, found) in zip(needles, try ProcessMemory.copies(of: needles.map(\.bytes))) {
                #expect(found == 0, "\(needle.name) is still in memory")
            }
        }

        private static func checkSearch() throws {
            let secret = SecretBytes.random(count: 32)
            let needle = secret.withBytes { SecretBytes(copying: $0) }
            let found = try ProcessMemory.copies(of: needle)
            // What the search itself has read may be found, too.
            #expect(found > 0)
            withExtendedLifetime(secret) {}
        }

        @inline(never)
        private static func derive(into needles: inout [(name: String, bytes: SecretBytes)]) throws {
            func keep(_ name: String, _ secret: SecretBytes) {
                needles.append((name, secret.withBytes { SecretBytes(copying: $0) }))
            }
            let phrase = try Phrase(parsing: Phrase.generate().sentence)
            let seed = Seed(phrase: phrase, passphrase: SecretBytes(copying: Array("passphrase".utf8)))
            let wallet = try WalletKey(seed: seed)
            let registry = try RegistryKeys.derive(entropy: phrase.entropy)
            keep("the entropy", phrase.entropy)
            keep("the sentence", phrase.sentence)
            keep("the seed", seed.bytes)
            keep("the wallet's key", wallet.privateKey.seed)
            keep("the record key", registry.recordKey)
            keep("the box key", registry.box.secret)
        }

        @Test("a locked vault has left neither phrase, seed nor derived keys in its process; an unlocked one is found")
        func locked() async {
            // A process of its own: what other tests hold, or left behind, is not this vault's.
            await #expect(processExitsWith: .success) { try await LockedVault.check() }
        }
    }

    /// One vault's life in a process of its own.
    enum LockedVault {
        private static let ownKey = "a credential's own key"

        static func check() async throws {
            let service = VaultService(now: { 0 })
            // Without instructions for AES a library works whose copies are not ours to erase.
            let needles = try await use(service).filter { $0.name != ownKey || AESGCM.erasesKeys }
            #expect(needles.count >= 10)
            for (needle, found) in zip(needles, try ProcessMemory.copies(of: needles.map(\.bytes))) where needle.isHeld
            {
                #expect(found > 0, "\(needle.name) is not found while unlocked")
            }
            await service.lock()
            for (needle, found) in zip(needles, try ProcessMemory.copies(of: needles.map(\.bytes))) {
                #expect(found == 0, "\(needle.name) is in memory after lock")
            }
        }

        struct Needle {
            let name: String
            let bytes: SecretBytes
            /// Whether an unlocked vault keeps it.
            let isHeld: Bool
        }

        /// Uses every private key, by messages, and says what must not be found afterwards.
        @inline(never)
        private static func use(_ service: VaultService) async throws -> [Needle] {
            let phrase = try Phrase.generate()
            let seed = Seed(phrase: phrase)
            let body = phrase.sentence.withBytes { sentence in
                SecretVaultRequest.unlock(mnemonic: SecretBytes(copying: sentence), passphrase: nil).encodedBody()
            }
            let request = try body.withBytes { body in try SecretVaultRequest(.unlock, body: body) }
            guard case .unlocked(_, let text) = try await service.handle(request) else { return [] }
            let handle = try VaultHandle(text).orThrow("handle")
            let plaintext = SecretBytes.random(count: 48)
            let salt = try await useKeys(of: service, handle: handle, seed: seed, plaintext: plaintext)
            func key(_ curve: DerivedKeyCache.Curve, _ path: DerivationPath) throws -> SecretBytes {
                let key =
                    curve == .ed25519
                    ? try SLIP10.ed25519(seed: seed.bytes, path: path)
                    : try SLIP10.secp256k1(seed: seed.bytes, path: path)
                return key.privateKey.withBytes { SecretBytes(copying: $0) }
            }
            let site = try SitePasswordRequest(site: "example.com").orThrow("request")
            return [
                Needle(name: "the sentence", bytes: phrase.sentence, isHeld: false),
                Needle(
                    name: "the entropy", bytes: phrase.entropy.withBytes { SecretBytes(copying: $0) }, isHeld: false),
                Needle(name: "the seed", bytes: seed.bytes.withBytes { SecretBytes(copying: $0) }, isHeld: true),
                Needle(name: "the wallet's key", bytes: try key(.ed25519, VaultPath.wallet()), isHeld: false),
                Needle(name: "the SSH key", bytes: try key(.ed25519, VaultPath.ssh()), isHeld: true),
                Needle(
                    name: "the credential key", bytes: try key(.ed25519, VaultPath.credential(version: 1)), isHeld: true
                ),
                Needle(name: "the site's key", bytes: try key(.ed25519, VaultPath.site(site)), isHeld: true),
                Needle(name: "the Ethereum key", bytes: try key(.secp256k1, VaultPath.ethereum()), isHeld: true),
                Needle(name: "a credential", bytes: plaintext, isHeld: false),
                Needle(
                    name: ownKey,
                    bytes: HKDF.sha256(
                        try key(.ed25519, VaultPath.credential(version: 1)), salt: salt,
                        info: Array("kindred/credential/v1".utf8), count: 32), isHeld: false),
                Needle(name: "the Nostr key", bytes: try key(.secp256k1, VaultPath.nostr()), isHeld: true),
            ]
        }

        @inline(never)
        private static func useKeys(of service: VaultService, handle: VaultHandle, seed: Seed, plaintext: SecretBytes)
            async throws -> [UInt8]
        {
            let site = try SitePasswordRequest(site: "example.com").orThrow("request")
            _ = try await service.password(site, handle: handle)
            let sealed = try await service.encrypt(plaintext, name: "a", handle: handle)
            _ = try await service.decrypt(sealed, name: "a", handle: handle)
            _ = try await service.sshPublicLine(comment: "")
            _ = try await service.sshPrivateFile(comment: "", handle: handle, confirming: seed)
            _ = try await service.ethereumSignature(over: [1], handle: handle)
            _ = try await service.nostrSigner(handle: handle).signature(over: Random.bytes(32))
            _ = try await service.walletSigner(handle: handle).signature(over: [1], domain: "kindred/test/v1")
            return sealed.salt
        }
    }
#endif
