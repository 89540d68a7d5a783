import KinCrypto
import KinEncoding
import KinTesting
import KinVault
import Testing

@Suite struct SLIP10Tests {
    struct Example: Sendable, CustomTestStringConvertible {
        let seed, path, chainCode, privateKey, publicKey: String
        var testDescription: String { path }
    }

    static func published(curve: String) -> [Example] {
        let vectors = (try? Vectors.json("published/slip10.json"))?["vectors"].elements ?? []
        return vectors.filter { $0["curve"].text == curve }.flatMap { vector in
            vector["chains"].elements.map {
                Example(
                    seed: vector["seed"].text, path: $0["path"].text, chainCode: $0["chain_code"].text,
                    privateKey: $0["private"].text, publicKey: $0["public"].text)
            }
        }
    }

    @Test("the published vectors are all there", arguments: ["ed25519", "secp256k1"])
    func vectors(curve: String) {
        #expect(Self.published(curve: curve).count == 6)
    }

    @Test("the published Ed25519 keys", arguments: published(curve: "ed25519"))
    func ed25519(example: Example) throws {
        let key = try SLIP10.ed25519(seed: SecretBytes(hex: example.seed), path: DerivationPath(example.path))
        #expect(key.chainCode.hex == example.chainCode)
        #expect(key.privateKey.hex == example.privateKey)
        let publicKey = try Ed25519.PrivateKey(seed: key.privateKey).publicKey
        #expect("00" + Hex.encode(publicKey.bytes) == example.publicKey)
    }

    @Test("the published secp256k1 keys", arguments: published(curve: "secp256k1"))
    func secp256k1(example: Example) throws {
        let key = try SLIP10.secp256k1(seed: SecretBytes(hex: example.seed), path: DerivationPath(example.path))
        #expect(key.chainCode.hex == example.chainCode)
        #expect(key.privateKey.hex == example.privateKey)
        #expect(Hex.encode(try Secp256k1.publicKey(key.privateKey)) == example.publicKey)
    }

    @Test("Ed25519 has hardened steps only", arguments: ["m/0", "m/44'/501'/0'/0", "m/1/2'"])
    func notHardened(path: String) {
        let error = #expect(throws: DerivationError.self) {
            _ = try SLIP10.ed25519(seed: .random(count: 64), path: DerivationPath(path)).privateKey
        }
        #expect(error?.code == "derivation_not_hardened")
    }

    @Test("seeds of another length are refused", arguments: [0, 15, 65])
    func seedLengths(count: Int) {
        let path = #expect(throws: DerivationError.self) {
            _ = try SLIP10.ed25519(seed: .random(count: count), path: DerivationPath("m")).privateKey
        }
        let other = #expect(throws: DerivationError.self) {
            _ = try SLIP10.secp256k1(seed: .random(count: count), path: DerivationPath("m")).privateKey
        }
        #expect(path?.code == "derivation_seed_length")
        #expect(other?.code == "derivation_seed_length")
    }

    @Test("a derived key prints and serialises as redacted")
    func redaction() throws {
        let key = try SLIP10.ed25519(seed: .random(count: 64), path: DerivationPath("m"))
        #expect(key.description == "[redacted]")
        #expect(key.json == .string("[redacted]"))
    }
}
