import KinCrypto
import KinEncoding
import KinTesting
import Testing

@Suite struct KeyDerivationTests {
    struct HKDFCase: Sendable {
        let secret, salt, info, output: String
    }

    /// RFC 5869, test cases 1 to 3.
    static let hkdfs = [
        HKDFCase(
            secret: String(repeating: "0b", count: 22), salt: "000102030405060708090a0b0c",
            info: "f0f1f2f3f4f5f6f7f8f9",
            output: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
        HKDFCase(
            secret: Hex.encode(0x00...0x4f), salt: Hex.encode(0x60...0xaf), info: Hex.encode(0xb0...0xff),
            output: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                + "cc30c58179ec3e87c14c01d5c1f3434f1d87"),
        HKDFCase(
            secret: String(repeating: "0b", count: 22), salt: "", info: "",
            output: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
    ]

    @Test("HKDF of the test cases of RFC 5869", arguments: hkdfs)
    func hkdf(example: HKDFCase) throws {
        let output = HKDF.sha256(
            try SecretBytes(hex: example.secret), salt: try Hex.decode(example.salt),
            info: try Hex.decode(example.info), count: example.output.count / 2)
        #expect(output.hex == example.output)
        let secretly = HKDF.sha256(
            try SecretBytes(hex: example.secret), salt: try SecretBytes(hex: example.salt),
            info: try Hex.decode(example.info), count: example.output.count / 2)
        #expect(secretly.hex == example.output, "a salt that is a secret gives the same")
    }

    @Test("labels are their UTF-8, and a shorter key is the start of a longer one")
    func labels() {
        let secret = SecretBytes(copying: [1, 2, 3])
        let long = HKDF.sha256(secret, salt: "sält", info: "info", count: 8160)
        let short = HKDF.sha256(secret, salt: Array("sält".utf8), info: Array("info".utf8), count: 33)
        #expect(long.hex.hasPrefix(short.hex))
        #expect(HKDF.sha256(secret, salt: "sält", info: "info", count: 0).count == 0)
    }

    struct PBKDF2Case: Sendable {
        let password, salt: String
        let rounds: Int
        let output: String
    }

    /// As Python's `hashlib.pbkdf2_hmac` (OpenSSL) computes them: several blocks, a password longer than a block,
    /// nothing for salt or password, part of a block.
    static let pbkdf2s = [
        PBKDF2Case(
            password: "password", salt: "salt", rounds: 1,
            output: "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"
                + "c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce"),
        PBKDF2Case(
            password: "passwordPASSWORDpassword", salt: "saltSALTsaltSALTsaltSALTsaltSALTsalt", rounds: 4096,
            output: "8c0511f4c6e597c6ac6315d8f0362e225f3c501495ba23b868c005174dc4ee71"
                + "115b59f9e60cd9532fa33e0f75aefe30225c583a186cd82bd4daea9724a3d3b8"
                + "04f75bdd41494fa324cab24bcc680fb3b96a30cf5d21fac3c2875913919f3399b1d9ce7e"),
        PBKDF2Case(
            password: String(repeating: "x", count: 200), salt: "", rounds: 3,
            output: "9642db3511db3c34dbb0146bacd68d565c49a40bac0866b2a344a29158ccca20"
                + "240c2866a7c5dfc72dbdf39d5114e98bd32b4c780d5b3d089233fe287ad25f38"),
        PBKDF2Case(password: "", salt: "salt", rounds: 2, output: "cc5eacbb057f2a5982fce67bf70f79fccf4adf28"),
    ]

    @Test("PBKDF2 derives what OpenSSL derives", arguments: pbkdf2s)
    func pbkdf2(example: PBKDF2Case) {
        let key = PBKDF2.sha512(
            password: SecretBytes(copying: Array(example.password.utf8)), salt: Array(example.salt.utf8),
            rounds: example.rounds, count: example.output.count / 2)
        #expect(key.hex == example.output)
    }
}
