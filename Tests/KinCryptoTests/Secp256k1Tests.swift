import KinCrypto
import KinEncoding
import KinTesting
import Testing

@Suite struct Secp256k1Tests {
    static let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
    static let orderLessOne = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140"
    static let zero = String(repeating: "00", count: 32)
    static let one = String(repeating: "00", count: 31) + "01"

    @Test(
        "one gives the generator, the order less one its negative (SEC 2, 2.4.1)",
        arguments: [(one, "02"), (orderLessOne, "03")])
    func generator(secret: String, prefix: String) throws {
        let key = try Secp256k1.publicKey(SecretBytes(hex: secret))
        #expect(Hex.encode(key) == prefix + "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    }

    @Test("zero, the order and other lengths are no keys", arguments: [zero, order, "", "01", one + "00"])
    func invalid(secret: String) throws {
        let secret = try SecretBytes(hex: secret)
        #expect(!Secp256k1.isValid(secret))
        let error = #expect(throws: CryptoError.self) { try Secp256k1.publicKey(secret) }
        #expect(error?.code == "secp256k1_key_invalid")
        #expect(throws: CryptoError.self) { try Secp256k1.add(secret, tweak: SecretBytes(hex: Self.one)) }
    }

    @Test("secrets are added modulo the order")
    func addition() throws {
        let (one, largest) = (try SecretBytes(hex: Self.one), try SecretBytes(hex: Self.orderLessOne))
        #expect(Secp256k1.isValid(largest))
        #expect(try Secp256k1.add(one, tweak: one).hex == String(repeating: "00", count: 31) + "02")
        #expect(
            try Secp256k1.add(largest, tweak: largest).hex
                == "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413f")
        #expect(try Secp256k1.add(one, tweak: SecretBytes(hex: Self.zero)) == one)
    }

    @Test("a sum of zero and a tweak that is not below the order are refused")
    func refusedAddition() throws {
        let one = try SecretBytes(hex: Self.one)
        for tweak in [Self.orderLessOne, Self.order, "", "01"] {
            let error = #expect(throws: CryptoError.self) { try Secp256k1.add(one, tweak: SecretBytes(hex: tweak)) }
            #expect(error?.code == "secp256k1_key_invalid")
        }
    }
}
