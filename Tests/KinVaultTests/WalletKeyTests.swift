import KinCrypto
import KinEncoding
import KinTesting
import KinVault
import Testing

@Suite struct WalletKeyTests {
    @Test("the published way from entropy to address")
    func published() throws {
        let vector = try Vectors.json("published/wallet-derivation.json")
        let phrase = try Phrase(entropy: SecretBytes(hex: vector["prf_output"].text))
        #expect(phrase.withWords { $0.joined(separator: " ") } == vector["mnemonic"].text)
        let seed = Seed(phrase: phrase)
        #expect(seed.bytes.hex == vector["seed"].text)
        let wallet = try WalletKey(seed: seed)
        #expect(wallet.privateKey.seed.hex == vector["wallet_priv"].text)
        #expect(Hex.encode(wallet.privateKey.publicKey.bytes) == vector["wallet_pub"].text)
        #expect(wallet.address == vector["address"].text)
    }

    @Test("accounts are other wallets of one phrase")
    func accounts() throws {
        let seed = Seed(phrase: try .generate())
        let addresses = try (0..<4).map { try WalletKey(seed: seed, account: $0).address }
        #expect(Set(addresses).count == 4)
        #expect(try WalletKey(seed: seed).address == addresses[0])
        let third = try SLIP10.ed25519(seed: seed.bytes, path: DerivationPath("m/44'/501'/3'/0'"))
        #expect(try WalletKey(seed: seed, account: 3).privateKey.seed == third.privateKey)
    }

    @Test("an account that no index can have is refused")
    func bounds() throws {
        let seed = Seed(phrase: try .generate())
        #expect(throws: DerivationError.self) { try WalletKey(seed: seed, account: 1 << 31) }
    }

    @Test("printing a wallet shows no private key")
    func redaction() throws {
        let wallet = try WalletKey(seed: Seed(phrase: .generate()))
        #expect("\(wallet)".contains("[redacted]"))
        #expect(!"\(wallet)".contains(wallet.privateKey.seed.hex))
    }
}
