import KinCrypto
import KinTesting
import KinWire
import Testing

@testable import KinVault

@Suite struct AutolockTests {
    let vault = OpenVault()
    var service: VaultService { vault.service }

    @Test("fifteen minutes without use of the handle lock the vault")
    func idle() async throws {
        let handle = try await vault.unlock()
        vault.clock.advance(by: 899_999)
        _ = try await service.walletSigner(handle: handle)
        vault.clock.advance(by: 899_999)
        #expect(await !service.status().isLocked)
        vault.clock.advance(by: 1)
        #expect(await OpenVault.code { _ = try await service.walletSigner(handle: handle) } == "vault_locked")
    }

    @Test("public keys do not keep it open")
    func publicKeys() async throws {
        _ = try await vault.unlock()
        for _ in 0..<15 {
            vault.clock.advance(by: 60_000)
            _ = try? await service.nostrPublicKey()
        }
        #expect(await service.status().isLocked)
    }

    @Test("wrong handles do not keep it open")
    func wrongHandles() async throws {
        _ = try await vault.unlock()
        let wrong = try VaultHandle(SecretBytes(String(repeating: "A", count: 43))).orThrow("handle")
        vault.clock.advance(by: 899_999)
        _ = try? await service.walletSigner(handle: wrong)
        vault.clock.advance(by: 1)
        #expect(await service.status().isLocked)
    }

    @Test("a clock that was set back prolongs nothing")
    func clockBack() async throws {
        _ = try await vault.unlock()
        vault.clock.advance(by: -50_000_000)
        #expect(await !service.status().isLocked)
        vault.clock.advance(by: 900_000)
        #expect(await service.status().isLocked)
    }

    @Test("the idle time is a setting, and so is none")
    func settings() async throws {
        let brief = OpenVault(limits: .init(idle: 1_000))
        _ = try await brief.unlock()
        brief.clock.advance(by: 1_000)
        #expect(await brief.service.status().isLocked)
        let never = OpenVault(limits: .init(idle: nil))
        _ = try await never.unlock()
        never.clock.advance(by: 1 << 40)
        let status = await never.service.status()
        #expect(!status.isLocked && status.locksAt == nil)
    }

    @Test("it locks when nobody calls, in a task of its own that ends when cancelled")
    func loop() async throws {
        _ = try await vault.unlock()
        let (service, clock) = (service, vault.clock)
        let task = Task { await service.autolock(every: .milliseconds(1)) }
        clock.advance(by: 900_000)
        let deadline = ContinuousClock.now + .seconds(10)
        while await service.holdsSecrets, ContinuousClock.now < deadline { await Task.yield() }
        #expect(await !service.holdsSecrets)
        task.cancel()
        await task.value
    }

    @Test("a failed unlock leaves it locked")
    func failed() async throws {
        let request = SecretVaultRequest.unlock(mnemonic: SecretBytes("legal winner"), passphrase: nil)
        #expect(await OpenVault.code { _ = try await service.handle(request) } == "phrase_word_count")
        #expect(await service.status().isLocked)
    }
}
