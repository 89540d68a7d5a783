import KinCrypto
import KinEncoding
import KinTesting
import Testing

import enum Crypto.Curve25519

@Suite struct Ed25519Tests {
    /// RFC 8032, section 7.1, tests 1 to 3.
    static let pairs = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
        ),
    ]

    @Test("the published seeds give the published keys", arguments: pairs)
    func published(seed: String, key: String) throws {
        let privateKey = try Ed25519.PrivateKey(seed: SecretBytes(hex: seed))
        #expect(Hex.encode(privateKey.publicKey.bytes) == key)
        #expect(privateKey.seed.hex == seed)
        #expect(try Ed25519.PublicKey(Hex.decode(key)) == privateKey.publicKey)
    }

    @Test("a signature covers the domain, a zero byte, then the bytes, as any implementation verifies it")
    func domains() throws {
        let key = Ed25519.PrivateKey.random()
        let signature = key.sign([1, 2, 3], domain: "kindred/test/v1")
        let other = try Curve25519.Signing.PublicKey(rawRepresentation: key.publicKey.bytes)
        #expect(other.isValidSignature(signature, for: Array("kindred/test/v1".utf8) + [0, 1, 2, 3]))
        #expect(key.publicKey.isValid(signature: signature, over: [1, 2, 3], domain: "kindred/test/v1"))
    }

    @Test("a signature is good for its key, its bytes and its domain only")
    func refusals() {
        let key = Ed25519.PrivateKey.random()
        let signature = key.sign([1, 2, 3], domain: "a")
        let publicKey = key.publicKey
        #expect(!publicKey.isValid(signature: signature, over: [1, 2, 3], domain: "b"))
        #expect(!publicKey.isValid(signature: signature, over: [1, 2, 4], domain: "a"))
        #expect(!publicKey.isValid(signature: signature, over: [0, 1, 2, 3], domain: ""))
        #expect(!Ed25519.PrivateKey.random().publicKey.isValid(signature: signature, over: [1, 2, 3], domain: "a"))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(!publicKey.isValid(signature: changed, over: [1, 2, 3], domain: "a"))
        }
        for count in [0, 32, 63, 65] {
            #expect(!publicKey.isValid(signature: [UInt8](repeating: 0, count: count), over: [1, 2, 3], domain: "a"))
        }
    }

    @Test("a signature has one form: S at or above the group's order is refused")
    func malleability() throws {
        let key = Ed25519.PrivateKey.random()
        var signature = key.sign([1], domain: "a")
        let order = try Hex.decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var carry = 0
        for index in 0..<32 {
            let sum = Int(signature[32 + index]) + Int(order[index]) + carry
            signature[32 + index] = UInt8(sum & 0xff)
            carry = sum >> 8
        }
        #expect(!key.publicKey.isValid(signature: signature, over: [1], domain: "a"))
    }

    @Test(
        "keys that are no points, not canonical, of small order or outside the prime-order group are refused",
        arguments: [
            // Small order: 1, 2, 4 and 8.
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            // Not canonical: the same with y at or above 2^255 − 19, or x = 0 with its sign set.
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "0100000000000000000000000000000000000000000000000000000000000080",
            // No point of the curve.
            "0200000000000000000000000000000000000000000000000000000000000000",
            // The base point plus a point of order 8, and of order 2.
            "da99e28ba529cdde35a25fba9059e78ecaee239f99755b9b1aa4f65df00803e2",
            "9599999999999999999999999999999999999999999999999999999999999999",
        ])
    func badKeys(key: String) throws {
        let bytes = try Hex.decode(key)
        #expect(bytes.count == 32)
        let error = #expect(throws: CryptoError.self) { try Ed25519.PublicKey(bytes) }
        #expect(error?.code == "ed25519_key_invalid")
    }

    @Test("keys and seeds of another length are refused", arguments: [0, 31, 33, 64])
    func lengths(count: Int) {
        let key = #expect(throws: CryptoError.self) { try Ed25519.PublicKey(Random.bytes(count)) }
        let seed = #expect(throws: CryptoError.self) { try Ed25519.PrivateKey(seed: .random(count: count)) }
        #expect(key?.code == "ed25519_key_length")
        #expect(seed?.code == "ed25519_seed_length")
    }

    @Test("printing a private key shows its public half only")
    func redaction() {
        let key = Ed25519.PrivateKey.random()
        let seed = key.seed.withBytes { Array($0) }
        #expect("\(key)".contains("[redacted]"))
        #expect(!"\(key)".contains("\(seed)") && !"\(key)".contains(Hex.encode(seed)))
    }
}
