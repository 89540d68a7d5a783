import KinCrypto
import KinEncoding
import KinTesting
import KinWire
import Testing

@testable import KinIdentity

@Suite struct SecretDocumentTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    var path: String { folder.file("document.json") }

    private func write(_ text: String) throws {
        try StateFolder.write(SecretBytes(copying: Array(text.utf8)), to: path)
    }

    private func document() throws -> SecretDocument { try SecretDocument(reading: path).orThrow("document") }

    @Test("what is rendered is JSON, and is read back")
    func roundTrip() throws {
        let secrets = [("first", SecretBytes.random(count: 32)), ("second", SecretBytes.random(count: 1))]
        let rendered = SecretDocument.render([("name", "laptop"), ("other", "")], secrets: secrets)
        try StateFolder.write(rendered, to: path)
        let document = try document()
        #expect(try document.text("name") == "laptop")
        #expect(try document.text("other") == "")
        for (name, secret) in secrets { #expect(try document.secret(name, count: secret.count) == secret) }
        guard case .object(let members) = try JSON.parse(rendered.withBytes { Array($0) }) else {
            throw MissingValue("an object")
        }
        #expect(members.keys.sorted() == ["first", "name", "other", "second"])
    }

    @Test("every number of texts and secrets fills its room exactly")
    func lengths() throws {
        for texts in 0..<3 {
            for secrets in 0..<3 {
                let rendered = SecretDocument.render(
                    (0..<texts).map { ("t\($0)", "value") },
                    secrets: (0..<secrets).map { ("s\($0)", SecretBytes(copying: [UInt8($0)])) })
                guard case .object(let members) = try JSON.parse(rendered.withBytes { Array($0) }) else {
                    throw MissingValue("an object")
                }
                #expect(members.count == texts + secrets)
            }
        }
    }

    @Test("what is missing is damaged, or nil where it may be missing")
    func missing() throws {
        try write(#"{"name": "x"}"#)
        let document = try document()
        #expect(try document.optionalText("other") == nil)
        #expect(try document.optionalSecret("other", count: 4) == nil)
        for read in [{ _ = try document.text("other") }, { _ = try document.secret("other", count: 4) }] {
            let error = #expect(throws: KinError.self) { try read() }
            #expect(error?.code == "file_damaged")
            #expect(error?.message.contains(path) == true && error?.message.contains("other") == true)
        }
    }

    @Test(
        "a secret of another length or spelling is damaged, and never repeated in the error",
        arguments: ["", "5ec", "5ec7e7", "5ec7e7005", "5EC7E700", "5ec7e70g", "5ec7 e70", "\\u005ec"])
    func damagedSecret(text: String) throws {
        try write(#"{"key": "\#(text)"}"#)
        let document = try document()
        let error = #expect(throws: KinError.self) { try document.secret("key", count: 4) }
        #expect(error?.code == "file_damaged")
        #expect(error?.message.contains("5ec") == false)
    }

    @Test("no file is nil, and one that others can read is refused")
    func absence() throws {
        let isAbsent = try SecretDocument(reading: path) == nil
        #expect(isAbsent)
        try StateFolder.write(Array("{}".utf8), to: path, mode: 0o644)
        let error = #expect(throws: KinError.self) { try SecretDocument(reading: path) }
        #expect(error?.code == "loose_mode")
    }

    @Test("no damage to keypair.json traps its reader or gives other keys unnoticed in length")
    func damagedKeys() throws {
        let keys = DeviceKeys.generate()
        try keys.write(to: path)
        let whole = try StateFolder.readSecret(path).orThrow("file").withBytes { Array($0) }
        var refused = 0
        for count in 0..<whole.count {
            try StateFolder.write(SecretBytes(copying: whole.prefix(count)), to: path)
            do {
                let read = try DeviceKeys(reading: path).orThrow("keys")
                #expect(read.signing.publicKey == keys.signing.publicKey)
                #expect(read.fingerprintKey == keys.fingerprintKey)
            } catch let error as KinError {
                refused += 1
                #expect(error.code == "file_damaged")
            }
        }
        #expect(refused > whole.count / 2)
        var mutation = Mutation(seed: 3, alphabet: #"{}": ,0123456789abcdef\n"#)
        for _ in 0..<300 {
            try StateFolder.write(SecretBytes(copying: mutation.damage(whole)), to: path)
            do { _ = try DeviceKeys(reading: path) } catch let error as KinError {
                #expect(error.code == "file_damaged")
            }
        }
    }
}
