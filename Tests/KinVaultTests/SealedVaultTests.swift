import Foundation
import KinCrypto
import KinTesting
import KinVault
import KinWire
import Testing

@Suite struct SealedVaultTests {
    static func code(_ body: () throws -> Void) -> String? { #expect(throws: KinError.self, performing: body)?.code }

    @Test("the frozen vaults open")
    func frozen() throws {
        let vectors = try VaultVectors.file().entry("sealed").entries("valid")
        #expect(vectors.count == 7)
        for vector in vectors {
            let vault = try SealedVault(bytes: vector.utf8("file"))
            let contents = try vault.open(SecretBytes(vector.text("passphrase")))
            #expect(contents.phrase.entropy.hex == (try vector.text("entropy")))
            #expect(contents.needsPassphrase == (try vector.bool("needs_passphrase")))
            #expect(vault.bytes == (try vector.utf8("file")))
        }
    }

    @Test("what is sealed opens with its passphrase", arguments: [12, 15, 18, 21, 24])
    func roundTrip(words: Int) throws {
        let phrase = try Phrase.generate(words: words)
        let sealed = try SealedVault(
            sealing: phrase, needsPassphrase: words == 12, under: SecretBytes("pass"), parameters: .minimum)
        let contents = try SealedVault(bytes: sealed.bytes).open(SecretBytes("pass"))
        #expect(contents.phrase == phrase)
        #expect(contents.needsPassphrase == (words == 12))
    }

    @Test("a wrong passphrase and any changed byte of the box read the same")
    func oracle() throws {
        let sealed = try SealedVault(
            sealing: .generate(), needsPassphrase: false, under: SecretBytes("pass"), parameters: .minimum)
        var errors: Set<KinError> = []
        for wrong in ["", "Pass", "pass ", "passpass"] {
            if let error = #expect(throws: KinError.self, performing: { try sealed.open(SecretBytes(wrong)) }) {
                errors.insert(error)
            }
        }
        let text = String(decoding: sealed.bytes, as: UTF8.self)
        let start = try #require(text.range(of: "\"box\":\"")).upperBound
        for offset in [0, 10, 30, 60] {
            var characters = Array(text)
            let place = text.distance(from: text.startIndex, to: start) + offset
            characters[place] = characters[place] == "A" ? "B" : "A"
            let changed = try SealedVault(bytes: Array(String(characters).utf8))
            if let error = #expect(throws: KinError.self, performing: { try changed.open(SecretBytes("pass")) }) {
                errors.insert(error)
            }
        }
        #expect(errors.count == 1)
        #expect(errors.first?.code == "vault_passphrase_wrong")
    }

    @Test("a damaged file is said as such, without Argon2id")
    func damaged() throws {
        let vectors = try VaultVectors.file().entry("sealed")
        for vector in try vectors.entries("damaged") {
            #expect(Self.code { _ = try SealedVault(bytes: vector.utf8("file")) } == "vault_damaged", "\(vector)")
        }
        #expect(Self.code { _ = try SealedVault(bytes: vectors.utf8("newer")) } == "vault_newer")
        #expect(Self.code { _ = try SealedVault(bytes: [UInt8](repeating: 0x20, count: 2000)) } == "vault_damaged")
    }

    @Test("a file cut anywhere is damaged")
    func truncated() throws {
        let sealed = try SealedVault(
            sealing: .generate(), needsPassphrase: false, under: SecretBytes("pass"), parameters: .minimum)
        // The last byte is the line feed, which may be missing.
        for count in 0..<sealed.bytes.count - 1 {
            #expect(Self.code { _ = try SealedVault(bytes: Array(sealed.bytes.prefix(count))) } == "vault_damaged")
        }
    }

    @Test("no two sealed vaults are alike, and an empty passphrase seals none")
    func fresh() throws {
        let phrase = try Phrase.generate()
        let sealed = try (0..<3).map { _ in
            try SealedVault(sealing: phrase, needsPassphrase: false, under: SecretBytes("x"), parameters: .minimum)
        }
        #expect(Set(sealed).count == 3)
        let code = Self.code {
            _ = try SealedVault(sealing: phrase, needsPassphrase: false, under: SecretBytes(""), parameters: .minimum)
        }
        #expect(code == "vault_passphrase_empty")
    }

    @Test("the file is private, and says what guessing costs")
    func file() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("vault.sealed")
        #expect(try SealedVault(reading: path) == nil)
        let sealed = try SealedVault(sealing: .generate(), needsPassphrase: true, under: SecretBytes("x"))
        #expect(String(decoding: sealed.bytes, as: UTF8.self).contains(#""memory":268435456,"#))
        #expect(String(decoding: sealed.bytes, as: UTF8.self).contains(#""operations":3,"#))
        try sealed.write(to: path)
        #expect(try SealedVault(reading: path) == sealed)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }
}
