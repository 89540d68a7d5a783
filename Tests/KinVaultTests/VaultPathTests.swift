import KinCrypto
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinVault

@Suite struct VaultPathTests {
    static let named: [(String, @Sendable () throws -> DerivationPath)] = [
        ("wallet", { try VaultPath.wallet() }), ("wallet, account 3", { try VaultPath.wallet(account: 3) }),
        ("primary identity", { try VaultPath.deviceIdentity() }),
        ("device identity 7", { try VaultPath.deviceIdentity(7) }), ("ssh", { try VaultPath.ssh() }),
        ("credential version 1", { try VaultPath.credential(version: 1) }),
        ("credential version 2147483648", { try VaultPath.credential(version: 1 << 31) }),
        ("ethereum", { try VaultPath.ethereum() }), ("nostr", { try VaultPath.nostr() }),
        ("nostr, account 5", { try VaultPath.nostr(5) }),
    ]

    @Test("every named path, and the keys there, are the table's")
    func table() throws {
        let vectors = try VaultVectors.file().entries("paths")
        #expect(vectors.map(\.name) == Self.named.map(\.0))
        for (vector, named) in zip(vectors, Self.named) {
            let path = try named.1()
            #expect(path.description == (try vector.text("path")))
            guard try vector.text("curve") == "ed25519" else {
                let key = try VaultVectors.secp256k1(path)
                #expect(key.privateKey.hex == (try vector.text("private")))
                #expect(try Secp256k1.uncompressedPublicKey(key.privateKey) == vector.hex("public"))
                continue
            }
            let key = try VaultVectors.ed25519(path)
            #expect(key.privateKey.hex == (try vector.text("private")))
            #expect(try Ed25519.PrivateKey(seed: key.privateKey).publicKey.bytes == vector.hex("public"))
            #expect(try EncryptionKey.pair(key).publicKey.bytes == vector.hex("encryption_public"))
        }
    }

    @Test("indices that no path can have are refused", arguments: [Int64(0), -1, (1 << 31) + 1, .max, .min + 1])
    func bounds(version: Int64) {
        #expect(throws: DerivationError.self) { try VaultPath.credential(version: version) }
        #expect(throws: DerivationError.self) { try VaultPath.nostr(1 << 31) }
        #expect(throws: DerivationError.self) { try VaultPath.deviceIdentity(1 << 31) }
    }

    @Test("the wallet's paths are known, with those that lead to them")
    func wallet() throws {
        for (text, isWallet, reaches) in [
            ("m/44'/501'", true, true), ("m/44'/501'/0'/0'", true, true), ("m/44'/501'/9'", true, true),
            ("m/44'/501'/0'/0'/0'", true, true), ("m", false, true), ("m/44'", false, true),
            ("m/44'/60'/0'/0/0", false, false), ("m/44/501'", false, false), ("m/74'/0'/0'/0'", false, false),
        ] {
            let path = try DerivationPath(text)
            #expect(path.isWallet == isWallet, "\(text)")
            #expect(path.reachesWallet == reaches, "\(text)")
        }
    }

    @Test("the published Nostr key of the published phrase (NIP-06)")
    func nip06() throws {
        let phrase = try Phrase(
            parsing: "leader monkey parrot ring guide accident before fence cannon height naive bean")
        let key = try NostrKey(SLIP10.secp256k1(seed: Seed(phrase: phrase).bytes, path: VaultPath.nostr()))
        #expect(Hex.encode(key.publicKey) == "17162c921dc4d2518f9a101db33695df1afb56ab82f5ff3e5da6eec3ca5cd917")
        #expect(key.nsec.text == "nsec10allq0gjx7fddtzef0ax00mdps9t2kmtrldkyjfs8l5xruwvh2dq0lhhkp")
        #expect(key.npub == "npub1zutzeysacnf9rru6zqwmxd54mud0k44tst6l70ja5mhv8jjumytsd2x7nu")
    }

    @Test("Nostr keys are written as others write them")
    func nostr() throws {
        for vector in try VaultVectors.file().entries("nostr") {
            let key = try NostrKey(VaultVectors.secp256k1(VaultPath.nostr(UInt32(vector.integer("n")))))
            #expect(key.publicKey == (try vector.hex("public")))
            #expect(key.npub == (try vector.text("npub")))
            #expect(key.nsec.text == (try vector.text("nsec")))
        }
    }

    @Test("Ethereum's address and personal signatures are those that others make")
    func ethereum() throws {
        let vectors = try VaultVectors.file().entry("ethereum")
        let key = try EthereumKey(VaultVectors.secp256k1(VaultPath.ethereum()))
        #expect(key.address == (try vectors.text("address")))
        for vector in try vectors.entries("accounts") {
            let account = try EthereumKey(VaultVectors.secp256k1(DerivationPath(vector.text("path"))))
            #expect(account.address == (try vector.text("address")))
        }
        for vector in try vectors.entries("personal") {
            #expect(try key.personalSignature(over: vector.utf8("message")) == vector.hex("signature"))
        }
        let known = DerivedKey(
            privateKey: try SecretBytes(hex: "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"),
            chainCode: .random(count: 32))
        #expect(try EthereumKey(known).address == "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23")
    }

    @Test("printing a key of any kind shows no private key")
    func redaction() throws {
        let (ethereum, nostr) = (
            try EthereumKey(VaultVectors.secp256k1(VaultPath.ethereum())),
            try NostrKey(VaultVectors.secp256k1(VaultPath.nostr()))
        )
        let ssh = try SSHKey(VaultVectors.ed25519(VaultPath.ssh()), comment: "x")
        for text in ["\(ethereum)", "\(nostr)", "\(ssh)"] { #expect(text.contains("[redacted]")) }
    }
}
