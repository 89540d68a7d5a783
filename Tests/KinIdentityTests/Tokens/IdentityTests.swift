import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct IdentityTests {
    private static let origin = TokenAudience.server(origin: "https://kin.example")
    private static let now = TestClock.start
    private let known = Ed25519.PrivateKey.random()
    private let listed = Ed25519.PrivateKey.random()
    private let apiKey = APIKey.random()

    /// Keys known from certificates, keys from a list, API keys: as a server composes them.
    private func providers() throws -> IdentityProviders {
        let verifier = TokenVerifier(startedAt: Self.now - 1_000_000)
        let audiences: @Sendable () -> [TokenAudience] = { [Self.origin] }
        let certified = KnownKey(
            key: known.publicKey, identity: Identity(id: "member:x", scopes: ["send"], resources: []))
        let blob = [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32] + listed.publicKey.bytes
        let keys = try AuthorizedKeys("ssh-ed25519 \(Base64.encode(blob)) friend")
        let record = APIKeyTests.record(key: apiKey)
        return IdentityProviders([
            TokenIdentities(verifier: verifier, audiences: audiences) { keyID, _ in
                keyID == AuthToken.keyID(of: certified.key) ? certified : nil
            },
            TokenIdentities(verifier: verifier, audiences: audiences) { keyID, _ in
                keys.entry(keyID).map { KnownKey($0) }
            },
            APIKeyIdentities { $0 == record.hash ? record : nil },
        ])
    }

    private func token(of key: Ed25519.PrivateKey) throws -> Credential {
        Credential(bearer: try AuthToken.mint(for: Self.origin, key: key, now: Self.now).text)
    }

    @Test("each kind of credential finds its identity")
    func kinds() throws {
        let providers = try providers()
        #expect(try providers.identity(for: token(of: known), now: Self.now)?.id == "member:x")
        let friend = try providers.identity(for: token(of: listed), now: Self.now)
        #expect(friend?.id == "key:" + Hex.encode(AuthToken.keyID(of: listed.publicKey)))
        #expect(friend?.scopes.isEmpty == true)
        let program = try providers.identity(for: Credential(bearer: apiKey.withText { $0 }), now: Self.now)
        #expect(program?.id.hasPrefix("apikey:") == true)
        #expect(program?.scopes == ["send"])
        let keyID = AuthToken.keyID(of: known.publicKey)
        #expect(try providers.identity(for: .fingerprint(keyID), now: Self.now)?.id == "member:x")
    }

    @Test("a credential nobody knows is nobody's; one that is known and refused is not asked on")
    func refusals() throws {
        let providers = try providers()
        #expect(try providers.identity(for: token(of: .random()), now: Self.now) == nil)
        #expect(try providers.identity(for: .fingerprint([1]), now: Self.now) == nil)
        let used = try token(of: listed)
        _ = try providers.identity(for: used, now: Self.now)
        #expect(throws: KinError(.replayed)) { try providers.identity(for: used, now: Self.now) }
        let stranger = Credential(bearer: APIKey.random().withText { $0 })
        let error = #expect(throws: KinError.self) { try providers.identity(for: stranger, now: Self.now) }
        #expect(error?.code == "api_key_unknown")
        #expect(error?.category == .refused)
    }

    @Test("which credential a bearer value is follows from its form")
    func forms() throws {
        #expect(Credential(bearer: "") == .token(""))
        #expect(Credential(bearer: "kin_short") == .token("kin_short"))
        let text = apiKey.withText { $0 }
        #expect(Credential(bearer: text) == .apiKey(text))
    }

    @Test("every fault has its code and says nothing of the token")
    func codes() {
        #expect(Set(TokenFault.allCases.map(\.rawValue)).count == 9)
        #expect(
            TokenFault.allCases.allSatisfy { $0.rawValue.hasPrefix("token_") && KinError($0).message == $0.message })
        #expect(KinError(.limit).category == .busy)
    }
}
