import KinCrypto
import KinEncoding
import KinTesting
import Testing

@Suite struct HashTests {
    @Test("SHA-2 of the examples of FIPS 180-4")
    func sha2() {
        #expect(
            Hex.encode(Digest.sha256(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Hex.encode(Digest.sha512("abc".utf8))
                == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
        #expect(
            Hex.encode(Digest.sha256([]))
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("a secret hashes as its bytes do")
    func secretDigest() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<50 {
            let bytes = generator.bytes(upTo: 200)
            #expect(Digest.sha256(SecretBytes(copying: bytes)) == SecretBytes(copying: Digest.sha256(bytes)))
        }
    }

    /// RFC 4231, test cases 1, 2 and 6: key, message, SHA-256, SHA-512.
    static let hmacs: [(String, String, String, String)] = [
        (
            "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
                + "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"
        ),
        (
            "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        ),
        (
            String(repeating: "aa", count: 131),
            "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
                + "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"
        ),
    ]

    @Test("HMAC of the test cases of RFC 4231", arguments: hmacs)
    func hmac(key: String, message: String, sha256: String, sha512: String) throws {
        let key = try SecretBytes(hex: key)
        #expect(Hex.encode(HMAC.sha256(key: key, try Hex.decode(message))) == sha256)
        #expect(HMAC.sha512(key: key, try SecretBytes(hex: message)).hex == sha512)
    }

    @Test("constant-time comparison compares")
    func comparison() {
        #expect(constantTimeEqual([], []))
        #expect(constantTimeEqual([1, 2], [1, 2]))
        #expect(!constantTimeEqual([1, 2], [1, 3]))
        #expect(!constantTimeEqual([1, 2], [1, 2, 3]))
    }

    @Test("random bytes are as many as asked for, and others each time")
    func random() {
        #expect(Random.bytes(0).isEmpty)
        #expect(Random.bytes(24).count == 24)
        #expect(Set((0..<100).map { _ in Random.bytes(16) }).count == 100)
    }
}
