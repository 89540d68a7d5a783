import KinCrypto
import KinEncoding
import KinTesting
import KinVault
import KinWire
import Testing

@Suite struct CredentialTests {
    static func key(_ version: Int64) throws -> DerivedKey {
        try VaultVectors.ed25519(VaultPath.credential(version: version))
    }

    @Test("the frozen credentials open, and are sealed to the same bytes")
    func frozen() throws {
        for vector in try VaultVectors.file().entry("credentials").entries("valid") {
            let encrypted = try EncryptedData(json: vector.json("encrypted"))
            let plaintext = try SecretBytes(hex: vector.text("plaintext"))
            #expect(
                try CredentialSealer.open(encrypted, name: vector.text("name"), key: Self.key(encrypted.keyVersion))
                    == plaintext)
            let again = try CredentialSealer.seal(
                plaintext, name: vector.text("name"), key: Self.key(encrypted.keyVersion),
                keyVersion: encrypted.keyVersion, random: { $0 == 32 ? encrypted.salt : encrypted.iv })
            #expect(again == encrypted)
            #expect(try again.json.canonicalBytes() == vector.json("encrypted").canonicalBytes())
        }
    }

    @Test("every reason not to open reads the same")
    func failures() throws {
        var messages: Set<String> = []
        let unreadable = try VaultVectors.file().entry("credentials").entries("unreadable")
        #expect(unreadable.count == 6)
        for vector in unreadable {
            let encrypted = try EncryptedData(json: vector.json("encrypted"))
            let error = #expect(throws: KinError.self, "\(vector)") {
                try CredentialSealer.open(encrypted, name: vector.text("name"), key: Self.key(encrypted.keyVersion))
            }
            messages.insert("\(String(describing: error))")
        }
        let good = try CredentialSealer.seal(SecretBytes("x"), name: "a", key: Self.key(1), keyVersion: 1)
        for index in good.data.indices {
            var changed = good
            changed.data[index] ^= 1
            let error = #expect(throws: KinError.self) {
                try CredentialSealer.open(changed, name: "a", key: Self.key(1))
            }
            messages.insert("\(String(describing: error))")
        }
        #expect(messages.count == 1)
        #expect(messages.first?.contains("credential_unreadable") == true)
    }

    @Test("a credential is sealed anew each time")
    func fresh() throws {
        let sealed = try (0..<4).map { _ in
            try CredentialSealer.seal(SecretBytes("x"), name: "a", key: Self.key(1), keyVersion: 1)
        }
        #expect(Set(sealed.map(\.salt)).count == 4 && Set(sealed.map(\.iv)).count == 4)
        #expect(sealed.allSatisfy { $0.salt.count == 32 && $0.iv.count == 12 && $0.data.count == 17 })
    }

    @Test("a credential is at most 64 KiB, and its name is printable")
    func bounds() throws {
        let most = SecretBytes.random(count: 64 << 10)
        let sealed = try CredentialSealer.seal(most, name: "a", key: Self.key(1), keyVersion: 1)
        #expect(try EncryptedData(bytes: sealed.json.canonicalBytes()) == sealed)
        #expect(try CredentialSealer.open(sealed, name: "a", key: Self.key(1)) == most)
        let large = #expect(throws: KinError.self) {
            try CredentialSealer.seal(.random(count: (64 << 10) + 1), name: "a", key: Self.key(1), keyVersion: 1)
        }
        #expect(large?.code == "credential_too_large")
        for name in ["", "a\nb", "\u{2028}", String(repeating: "x", count: 256)] {
            let error = #expect(throws: KinError.self) {
                try CredentialSealer.seal(SecretBytes("x"), name: name, key: Self.key(1), keyVersion: 1)
            }
            #expect(error?.code == "credential_name")
        }
    }
}
