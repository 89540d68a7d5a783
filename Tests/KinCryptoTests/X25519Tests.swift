import KinCrypto
import KinEncoding
import KinTesting
import Testing

@Suite struct X25519Tests {
    /// RFC 7748, section 6.1: Alice's pair and Bob's.
    static let pairs = [
        (
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
        ),
        (
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
        ),
    ]

    @Test("the published private keys give the published public keys", arguments: pairs)
    func published(secret: String, key: String) throws {
        let privateKey = try X25519.PrivateKey(SecretBytes(hex: secret))
        #expect(Hex.encode(privateKey.publicKey.bytes) == key)
        #expect(privateKey.secret.hex == secret)
    }

    @Test("both sides of the published pairs agree on the published secret")
    func agreement() throws {
        let keys = try Self.pairs.map { try X25519.PrivateKey(SecretBytes(hex: $0.0)) }
        let published = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
        #expect(try keys[0].agreement(with: keys[1].publicKey).hex == published)
        #expect(try keys[1].agreement(with: keys[0].publicKey).hex == published)
    }

    @Test("RFC 7748, section 5.2: the published scalar and point, though its key is written with the top bits set")
    func product() throws {
        let scalar = try SecretBytes(hex: "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
        let point = try Hex.decode("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
        let product = try X25519.PrivateKey(scalar).agreement(with: X25519.PublicKey(point))
        #expect(product.hex == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
    }

    @Test(
        "keys of small order are refused",
        arguments: [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ])
    func smallOrder(key: String) throws {
        let bytes = try Hex.decode(key)
        let error = #expect(throws: CryptoError.self) { try X25519.PublicKey(bytes) }
        #expect(error?.code == "x25519_key_invalid")
    }

    @Test(
        "second spellings of a key are refused",
        arguments: [
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0900000000000000000000000000000000000000000000000000000000000080",
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ])
    func notCanonical(key: String) throws {
        let bytes = try Hex.decode(key)
        let error = #expect(throws: CryptoError.self) { try X25519.PublicKey(bytes) }
        #expect(error?.code == "x25519_key_invalid")
    }

    @Test("keys next to those are accepted", arguments: ["09", "02"])
    func accepted(first: String) throws {
        let bytes = try Hex.decode(first) + [UInt8](repeating: 0, count: 31)
        #expect(try X25519.PublicKey(bytes).bytes == bytes)
        let high = [0xeb] + [UInt8](repeating: 0xff, count: 30) + [0x7f]
        #expect(try X25519.PublicKey(high).bytes == high)
    }

    @Test("keys of another length are refused", arguments: [0, 31, 33])
    func lengths(count: Int) {
        #expect(throws: CryptoError.self) { try X25519.PublicKey(Random.bytes(count)) }
        #expect(throws: CryptoError.self) { try X25519.PrivateKey(.random(count: count)) }
    }

    @Test("every fresh key's public half is accepted")
    func fresh() throws {
        for _ in 0..<50 {
            let key = X25519.PrivateKey.random()
            #expect(try X25519.PublicKey(key.publicKey.bytes) == key.publicKey)
        }
    }
}
