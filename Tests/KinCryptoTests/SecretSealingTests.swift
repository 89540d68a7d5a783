import KinEncoding
import KinTesting
import Testing

@testable import KinCrypto

@Suite struct SecretSealingTests {
    static let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    static let plaintext =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    static let sealed =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"

    /// libsodium's on processors that have it.
    static let implementations = AESGCM.Implementation.allCases.filter { $0 == .swiftCrypto || AESGCM.erasesKeys }

    @Test("the published ciphertext of AES-256-GCM (McGrew and Viega, test case 16)", arguments: implementations)
    func aes(by implementation: AESGCM.Implementation) throws {
        let (key, nonce) = (try SecretBytes(hex: Self.key), try Hex.decode("cafebabefacedbaddecaf888"))
        let additional = try Hex.decode("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        let plaintext = try SecretBytes(hex: Self.plaintext)
        let sealed = try AESGCM.seal(
            plaintext, key: key, nonce: nonce, authenticating: additional, by: implementation)
        #expect(Hex.encode(sealed) == Self.sealed)
        #expect(
            try AESGCM.open(sealed, key: key, nonce: nonce, authenticating: additional, by: implementation)
                == plaintext)
    }

    @Test("AES-GCM refuses every change, and what is shorter than a tag", arguments: implementations)
    func changed(by implementation: AESGCM.Implementation) throws {
        let (key, nonce) = (SecretBytes.random(count: 32), Random.bytes(12))
        let sealed = try AESGCM.seal(
            .random(count: 20), key: key, nonce: nonce, authenticating: [1], by: implementation)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            let error = #expect(throws: CryptoError.self) {
                try AESGCM.open(changed, key: key, nonce: nonce, authenticating: [1], by: implementation)
            }
            #expect(error?.code == "aead_refused")
        }
        for (other, additional) in [(SecretBytes.random(count: 32), [UInt8(1)]), (key, [2]), (key, [])] {
            #expect(throws: CryptoError.self) {
                try AESGCM.open(sealed, key: other, nonce: nonce, authenticating: additional, by: implementation)
            }
        }
        for count in 0..<16 {
            #expect(throws: CryptoError.self) {
                try AESGCM.open(
                    Array(sealed.prefix(count)), key: key, nonce: nonce, authenticating: [1], by: implementation)
            }
        }
    }

    @Test("both implementations open what the other sealed, of every length")
    func agreement() throws {
        let (key, nonce) = (SecretBytes.random(count: 32), Random.bytes(12))
        for count in 0..<40 {
            let plaintext = SecretBytes.random(count: count)
            let sealed = try Self.implementations.map {
                try AESGCM.seal(plaintext, key: key, nonce: nonce, authenticating: [UInt8](0..<UInt8(count)), by: $0)
            }
            #expect(Set(sealed).count == 1)
            for implementation in Self.implementations {
                let opened = try AESGCM.open(
                    sealed[0], key: key, nonce: nonce, authenticating: [UInt8](0..<UInt8(count)), by: implementation)
                #expect(opened == plaintext)
            }
        }
    }

    @Test("AES-GCM takes 32 bytes of key and 12 of nonce", arguments: [(31, 12), (16, 12), (32, 11), (32, 13), (0, 0)])
    func lengths(key: Int, nonce: Int) {
        let error = #expect(throws: CryptoError.self) {
            try AESGCM.seal(
                .random(count: 1), key: .random(count: key), nonce: Random.bytes(nonce), authenticating: [])
        }
        #expect(error?.code == "aead_parameters")
    }

    @Test("nothing is sealed and opened too")
    func empty() throws {
        let (key, nonce) = (SecretBytes.random(count: 32), Random.bytes(12))
        let sealed = try AESGCM.seal(SecretBytes(copying: []), key: key, nonce: nonce, authenticating: [])
        #expect(sealed.count == AESGCM.overhead)
        #expect(try AESGCM.open(sealed, key: key, nonce: nonce, authenticating: []).count == 0)
    }

    @Test("a secret box is that of NaCl, and opens with its key alone")
    func box() throws {
        let (key, nonce) = (SecretBytes(copying: [UInt8](0..<32)), [UInt8](0..<24))
        let plaintext = SecretBytes(copying: Array("Kindred".utf8))
        let box = SecretBox.seal(plaintext, nonce: nonce, key: key)
        #expect(Hex.encode(box) == "ba47311205bdba279507c4bb2f1de0751596562bb5afc6")
        #expect(SecretBox.open(box, nonce: nonce, key: key) == plaintext)
        for index in box.indices {
            var changed = box
            changed[index] ^= 0x80
            #expect(SecretBox.open(changed, nonce: nonce, key: key) == nil)
        }
        #expect(SecretBox.open(box, nonce: nonce, key: .random(count: 32)) == nil)
        #expect(SecretBox.open(box, nonce: nonce.reversed(), key: key) == nil)
        #expect(SecretBox.open(box.prefix(15), nonce: nonce, key: key) == nil)
        #expect(SecretBox.open(box, nonce: [], key: key) == nil)
    }

    @Test("Argon2id gives what OpenSSL's gives")
    func argon2id() throws {
        let salt = [UInt8](0..<16)
        let few = try Argon2id.Parameters(operations: 2, memory: 64 << 10).orThrow("parameters")
        let key = try Argon2id.derive(
            SecretBytes(copying: Array("correct horse".utf8)), salt: salt, parameters: few, count: 32)
        #expect(key.hex == "9c87c06898bc18516669b54a8b95d36e622946494d7a55c26f391a0406068c19")
        let none = try Argon2id.derive(SecretBytes(copying: []), salt: salt, parameters: .minimum, count: 16)
        #expect(none.hex == "35858230a16f87fed2b29838c1fe2df6")
    }

    @Test("Argon2id's parameters are bounded, so that a file cannot stall its reader")
    func argon2idBounds() throws {
        #expect(Argon2id.Parameters(operations: 3, memory: 256 << 20) == .moderate)
        for (operations, memory) in [(0, 8192), (17, 8192), (1, 8191), (1, (1 << 30) + 1), (-1, -1)] {
            #expect(Argon2id.Parameters(operations: operations, memory: memory) == nil)
        }
        let error = #expect(throws: CryptoError.self) {
            try Argon2id.derive(.random(count: 1), salt: [1], parameters: .minimum, count: 16)
        }
        #expect(error?.code == "argon2id_salt")
    }
}
