import KinCrypto
import KinTesting
import KinVault
import Testing

@Suite struct DerivedKeyCacheTests {
    let seed = SecretBytes.random(count: 64)

    func path(_ n: UInt32) throws -> DerivationPath { try DerivationPath(hardened: [n]) }

    func use(_ cache: inout DerivedKeyCache, _ n: UInt32, now: Int64 = 0) throws {
        try cache.withKey(.ed25519, path(n), seed: seed, now: now) { _ in }
    }

    @Test("a kept key is the derived one, on each curve its own")
    func keys() throws {
        var cache = DerivedKeyCache()
        for _ in 0..<2 {
            let ed25519 = try cache.withKey(.ed25519, path(1), seed: seed, now: 0) { $0.privateKey.hex }
            let secp256k1 = try cache.withKey(.secp256k1, path(1), seed: seed, now: 0) { $0.privateKey.hex }
            #expect(ed25519 == (try SLIP10.ed25519(seed: seed, path: path(1)).privateKey.hex))
            #expect(secp256k1 == (try SLIP10.secp256k1(seed: seed, path: path(1)).privateKey.hex))
        }
        #expect(cache.count == 2)
    }

    @Test("a key is derived once while it is kept")
    func hit() throws {
        var cache = DerivedKeyCache()
        try use(&cache, 1)
        // With another seed a fresh derivation would give another key.
        let kept = try cache.withKey(.ed25519, path(1), seed: .random(count: 64), now: 0) { $0.privateKey.hex }
        #expect(kept == (try SLIP10.ed25519(seed: seed, path: path(1)).privateKey.hex))
    }

    @Test("the sixty-fifth key puts out the one not used for longest")
    func leastRecent() throws {
        var cache = DerivedKeyCache()
        for n in 0..<64 as Range<UInt32> { try use(&cache, n) }
        try use(&cache, 0)
        try use(&cache, 64)
        #expect(cache.count == 64)
        #expect(cache.holds(.ed25519, try path(0), now: 0))
        #expect(!cache.holds(.ed25519, try path(1), now: 0))
        #expect(cache.holds(.ed25519, try path(64), now: 0))
    }

    @Test("a key goes an hour after its derivation, however often it is used")
    func expiry() throws {
        var cache = DerivedKeyCache()
        try use(&cache, 1, now: 1_000)
        try use(&cache, 1, now: 3_600_999)
        #expect(cache.holds(.ed25519, try path(1), now: 3_600_999))
        #expect(!cache.holds(.ed25519, try path(1), now: 3_601_000))
        try use(&cache, 2, now: 3_601_000)
        #expect(cache.count == 1)
    }

    @Test("a clock that was set back prolongs nothing")
    func clockBack() throws {
        var cache = DerivedKeyCache()
        try use(&cache, 1, now: 10_000_000)
        cache.removeExpired(now: 5_000)
        #expect(cache.count == 0)
    }

    @Test("an evicted key is erased")
    func erasure() throws {
        var cache = DerivedKeyCache(capacity: 1)
        weak var evicted: SecretBytes?
        try cache.withKey(.ed25519, path(1), seed: seed, now: 0) { evicted = $0.privateKey }
        #expect(evicted != nil)
        try use(&cache, 2)
        #expect(evicted == nil)
        cache.removeAll()
        #expect(cache.count == 0)
    }

    @Test("limits are settings, and a capacity of none keeps nothing")
    func limits() throws {
        var none = DerivedKeyCache(capacity: 0)
        try use(&none, 1)
        #expect(none.count == 0)
        var brief = DerivedKeyCache(capacity: 2, lifetime: 10)
        try use(&brief, 1)
        #expect(!brief.holds(.ed25519, try path(1), now: 10))
        #expect(throws: DerivationError.self) {
            try brief.withKey(.ed25519, DerivationPath("m/1"), seed: seed, now: 0) { _ in }
        }
        #expect(brief.count == 0 || brief.count == 1)
    }
}
