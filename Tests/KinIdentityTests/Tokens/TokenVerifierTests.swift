import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct TokenVerifierTests {
    static let origin = TokenAudience.server(origin: "https://kin.example")
    private let key = Ed25519.PrivateKey.random()
    private let now = TestClock.start + 500

    private func verifier(bare: Bool = false, limits: ReplayCache.Limits = .init()) -> TokenVerifier {
        TokenVerifier(startedAt: now - 3_600_000, acceptsBare: bare, limits: limits)
    }

    private func find(_ keyID: [UInt8]) -> Ed25519.PublicKey? {
        keyID == AuthToken.keyID(of: key.publicKey) ? key.publicKey : nil
    }

    private func fault(_ verifier: TokenVerifier, _ text: String, at time: Int64? = nil) -> TokenFault? {
        do throws(TokenFault) {
            _ = try verifier.verify(text, audiences: [Self.origin], now: time ?? now, key: find)
            return nil
        } catch {
            return error
        }
    }

    private func mint(_ audience: TokenAudience = origin, at time: Int64? = nil) throws -> String {
        try AuthToken.mint(for: audience, key: key, now: time ?? now).text
    }

    // MARK: The vectors

    @Test("a minted token is the one of the vectors", arguments: try Vector.list("kindred/tokens.json", "minted"))
    func minted(vector: Vector) throws {
        let keys = try Vector(file: "kindred/statements.json").entry("keys")
        let seed = try keys.entry(vector.text("signer")).hex("seed")
        let token = try AuthToken.mint(
            for: .server(origin: vector.text("audience")), key: Ed25519.PrivateKey(seed: SecretBytes(copying: seed)),
            now: vector.integer("timestamp") * 1000, nonce: vector.hex("nonce"))
        #expect(token.text == (try vector.text("token")))
    }

    @Test("a token is taken or refused by its code", arguments: try Vector.list("kindred/tokens.json", "judged"))
    func judged(vector: Vector) throws {
        let keys = try Vector(file: "kindred/statements.json").entry("keys")
        let known = try ["laptop", "phone"].map { try Ed25519.PublicKey(keys.entry($0).hex("public")) }
        let verifier = TokenVerifier(
            startedAt: try vector.integer("started") * 1000, acceptsBare: try vector.bool("accept_bare"))
        let code = try vector.json("code")
        let (text, audience) = (try vector.text("token"), try vector.text("audience"))
        let now = try vector.integer("now") * 1000
        do throws(TokenFault) {
            let taken = try verifier.verify(text, audiences: [.server(origin: audience)], now: now) { keyID in
                known.first { AuthToken.keyID(of: $0) == keyID }
            }
            #expect(code == .null)
            #expect(taken.keyID == AuthToken.keyID(of: taken.key))
        } catch {
            #expect(code == .string(error.rawValue))
        }
    }

    // MARK: Once

    @Test("a token is taken once, also by many at the same moment")
    func once() async throws {
        let verifier = verifier()
        let text = try mint()
        let taken = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<64 { group.addTask { fault(verifier, text) == nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == 1)
        #expect(fault(verifier, text) == .replayed)
    }

    @Test("a token stays used as long as it is good, the time ahead included, and is then too old")
    func remembered() throws {
        let verifier = verifier()
        let ahead = try mint(at: now + 300_000)
        #expect(fault(verifier, ahead) == nil)
        #expect(fault(verifier, ahead, at: now + 600_000) == .replayed)
        #expect(fault(verifier, ahead, at: now + 601_000) == .expired)
    }

    @Test("a bare token is good once a second")
    func bareOnce() throws {
        let vector = try Vector.list("kindred/tokens.json", "bare")[0]
        let keys = try Vector(file: "kindred/statements.json").entry("keys")
        let known = try Ed25519.PublicKey(keys.entry(vector.text("signer")).hex("public"))
        let verifier = TokenVerifier(startedAt: 0, acceptsBare: true)
        let time = try vector.integer("timestamp") * 1000
        _ = try verifier.verify(vector.text("token"), audiences: [], now: time) { _ in known }
        #expect(throws: TokenFault.replayed) {
            try verifier.verify(vector.text("token"), audiences: [], now: time) { _ in known }
        }
    }

    @Test("a refused token is not used up, and what is not signed fills no memory")
    func unused() throws {
        let verifier = verifier(limits: .init(perKey: 1, total: 1))
        let text = try mint()
        let minted = try Base64URL.decode(String(text.dropFirst(5)))
        for change in 1...10 {
            var bytes = minted
            bytes[40] ^= UInt8(change)
            #expect(fault(verifier, AuthToken.prefix + Base64URL.encode(bytes)) == .invalid)
        }
        #expect(fault(verifier, text) == nil)
    }

    @Test("beyond what can be remembered tokens are refused until the older ones are too old")
    func limits() throws {
        let verifier = verifier(limits: .init(perKey: 3, total: 100))
        for _ in 0..<3 { #expect(try fault(verifier, mint()) == nil) }
        #expect(try fault(verifier, mint()) == .limit)
        #expect(try fault(verifier, mint(at: now + 301_000), at: now + 301_000) == nil)
    }

    @Test("the memory of all keys together is bounded, and one key cannot take it all")
    func total() throws {
        var cache = ReplayCache(limits: .init(perKey: 2, total: 3))
        try cache.use(keyID: [1], mark: [1], through: 10, now: 1)
        try cache.use(keyID: [1], mark: [2], through: 10, now: 1)
        #expect(throws: TokenFault.limit) { try cache.use(keyID: [1], mark: [3], through: 10, now: 1) }
        try cache.use(keyID: [2], mark: [1], through: 20, now: 1)
        #expect(throws: TokenFault.limit) { try cache.use(keyID: [3], mark: [1], through: 20, now: 1) }
        #expect(cache.count == 3)
        try cache.use(keyID: [3], mark: [1], through: 20, now: 11)
        #expect(cache.count == 2)
    }

    // MARK: For whom, and since when

    @Test("a token for one of several names of this side is taken; for a device only by that device")
    func audiences() throws {
        let machine = try #require(MachineID("0123456789abcdef"))
        let text = try mint(.device(machine))
        #expect(fault(verifier(), text) == .invalid)
        let taken = try verifier().verify(text, audiences: [Self.origin, .device(machine)], now: now, key: find)
        #expect(taken.key == key.publicKey)
    }

    @Test("what was made before a restart is refused, in the second of the start too")
    func restart() throws {
        let text = try mint()
        #expect(fault(verifier(), text) == nil)
        let restarted = TokenVerifier(startedAt: now + 10)
        #expect(fault(restarted, text, at: now + 20) == .beforeStart)
        let later = now + 1000
        #expect(try fault(restarted, mint(at: later), at: later) == nil)
    }

    @Test("a key found under another id is not believed")
    func wrongKey() throws {
        let other = Ed25519.PrivateKey.random().publicKey
        #expect(throws: TokenFault.keyUnknown) {
            try verifier().verify(mint(), audiences: [Self.origin], now: now) { _ in other }
        }
    }

    @Test("a token is not minted before 1970, nor with another nonce")
    func unmintable() {
        #expect(throws: TokenFault.malformed) { try AuthToken.mint(for: Self.origin, key: key, now: -1) }
        #expect(throws: TokenFault.malformed) { try AuthToken.mint(for: Self.origin, key: key, now: 1, nonce: [1]) }
    }
}
