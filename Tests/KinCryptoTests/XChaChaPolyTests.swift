import KinCrypto
import KinEncoding
import Testing

@Suite struct XChaChaPolyTests {
    static let additional: [UInt8] = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7]
    static let nonce = Array(UInt8(0x40)...0x57)
    static let key = SecretBytes(copying: Array(0x80...0x9f))

    @Test("the example of draft-irtf-cfrg-xchacha-03, appendix A.3.1")
    func published() throws {
        let plaintext = Array(
            ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                + "sunscreen would be it.").utf8)
        let sealed = try XChaChaPoly.seal(
            plaintext, key: Self.key, nonce: Self.nonce, authenticating: Self.additional)
        #expect(
            Hex.encode(sealed)
                == Hex.encode(Self.nonce)
                + "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
                + "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
                + "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
                + "21f9664c97637da9768812f615c68b13b52e" + "c0875924c1c7987947deafd8780acf49")
        #expect(try XChaChaPoly.open(sealed, key: Self.key, authenticating: Self.additional) == plaintext)
    }

    @Test("any changed bit, key or additional data is refused, all alike")
    func tampering() throws {
        let sealed = try XChaChaPoly.seal([1, 2, 3], key: Self.key, authenticating: [])
        func code(_ sealed: [UInt8], key: SecretBytes = Self.key, additional: [UInt8] = []) -> String? {
            #expect(throws: CryptoError.self) {
                try XChaChaPoly.open(sealed, key: key, authenticating: additional)
            }?.code
        }
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 0x10
            #expect(code(changed) == "aead_refused")
            #expect(code(Array(sealed[..<index])) == "aead_refused")
        }
        #expect(code(sealed + [0]) == "aead_refused")
        #expect(code(sealed, key: .random(count: 32)) == "aead_refused")
        #expect(code(sealed, additional: [0]) == "aead_refused")
    }

    @Test("nothing can be sealed too, and no two nonces are alike")
    func empty() throws {
        let sealed = try (0..<100).map { _ in try XChaChaPoly.seal([], key: Self.key, authenticating: []) }
        #expect(sealed.allSatisfy { $0.count == 40 })
        #expect(Set(sealed).count == 100)
        #expect(try XChaChaPoly.open(sealed[0], key: Self.key, authenticating: []) == [])
    }

    @Test(
        "keys and nonces of another length are refused", arguments: [(31, 24), (33, 24), (0, 24), (32, 23), (32, 12)])
    func lengths(key: Int, nonce: Int) {
        let error = #expect(throws: CryptoError.self) {
            try XChaChaPoly.seal([1], key: .random(count: key), nonce: Random.bytes(nonce), authenticating: [])
        }
        #expect(error?.code == "aead_parameters")
    }

    @Test("a hash of parts is the hash of the whole, and a copy goes on by itself")
    func stream() {
        var (hash, bytes) = (SHA256Stream(), [UInt8]())
        for count in [0, 1, 63, 64, 65, 1000, 65_536] {
            let part = Random.bytes(count)
            var copy = hash
            copy.update([1])
            hash.update(part)
            bytes += part
            #expect(hash.digest == Digest.sha256(bytes))
            #expect(hash.digest == Digest.sha256(bytes), "asking changes nothing")
        }
    }
}
