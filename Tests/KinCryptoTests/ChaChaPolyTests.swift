import KinCrypto
import KinEncoding
import Testing

@Suite struct ChaChaPolyTests {
    static let additional: [UInt8] = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7]
    static let nonce: [UInt8] = [0x07, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47]
    static let key = SecretBytes(copying: Array(0x80...0x9f))

    @Test("the example of RFC 8439, section 2.8.2")
    func published() throws {
        let plaintext = Array(
            ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                + "sunscreen would be it.").utf8)
        let sealed = try ChaChaPoly.seal(
            plaintext, key: Self.key, nonce: Self.nonce, authenticating: Self.additional)
        #expect(
            Hex.encode(sealed)
                == "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
                + "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
                + "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
                + "3ff4def08e4b7a9de576d26586cec64b6116" + "1ae10b594f09e26a7e902ecbd0600691")
        #expect(
            try ChaChaPoly.open(sealed, key: Self.key, nonce: Self.nonce, authenticating: Self.additional) == plaintext)
    }

    @Test("any changed bit, key, nonce or additional data is refused, all alike")
    func tampering() throws {
        let sealed = try ChaChaPoly.seal([1, 2, 3], key: Self.key, nonce: Self.nonce, authenticating: [])
        func code(
            _ sealed: [UInt8], key: SecretBytes = Self.key, nonce: [UInt8] = Self.nonce, additional: [UInt8] = []
        ) -> String? {
            #expect(throws: CryptoError.self) {
                try ChaChaPoly.open(sealed, key: key, nonce: nonce, authenticating: additional)
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
        #expect(code(sealed, nonce: Random.bytes(12)) == "aead_refused")
        #expect(code(sealed, additional: [0]) == "aead_refused")
    }

    @Test("the key that follows is what Noise's REKEY says: zeros sealed with the highest nonce")
    func nextKey() throws {
        let nonce = [UInt8](repeating: 0, count: 4) + [UInt8](repeating: 0xff, count: 8)
        for key in [Self.key, .random(count: 32)] {
            let zeros = [UInt8](repeating: 0, count: 32)
            let sealed = try ChaChaPoly.seal(zeros, key: key, nonce: nonce, authenticating: [])
            #expect(try ChaChaPoly.nextKey(after: key) == SecretBytes(copying: sealed.prefix(32)))
        }
        let error = #expect(throws: CryptoError.self) { try ChaChaPoly.nextKey(after: .random(count: 31)) }
        #expect(error?.code == "aead_parameters")
    }

    @Test("nothing can be sealed too")
    func empty() throws {
        let sealed = try ChaChaPoly.seal([], key: Self.key, nonce: Self.nonce, authenticating: [])
        #expect(sealed.count == 16)
        #expect(try ChaChaPoly.open(sealed, key: Self.key, nonce: Self.nonce, authenticating: []) == [])
    }

    @Test(
        "keys and nonces of another length are refused",
        arguments: [(31, 12), (33, 12), (0, 12), (32, 11), (32, 24), (32, 0)])
    func lengths(key: Int, nonce: Int) {
        let (key, nonce) = (SecretBytes.random(count: key), Random.bytes(nonce))
        let sealing = #expect(throws: CryptoError.self) {
            try ChaChaPoly.seal([1], key: key, nonce: nonce, authenticating: [])
        }
        let opening = #expect(throws: CryptoError.self) {
            try ChaChaPoly.open([UInt8](repeating: 0, count: 17), key: key, nonce: nonce, authenticating: [])
        }
        #expect(sealing?.code == "aead_parameters")
        #expect(opening?.code == "aead_parameters")
    }
}
