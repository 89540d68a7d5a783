import KinCrypto
import KinEncoding
import KinTesting
import KinVault
import KinWire
import Testing

@Suite struct VaultMessageTests {
    static func entries(_ member: String) throws -> [Vector] {
        try VaultVectors.file().entry("messages").entries(member)
    }

    static func operation(_ vector: Vector) throws -> VaultOperation {
        try VaultOperation(rawValue: vector.text("operation")).orThrow("operation")
    }

    @Test("every request is read, and written as it was", arguments: try entries("valid"))
    func requests(vector: Vector) throws {
        let request = try SecretVaultRequest(Self.operation(vector), body: vector.utf8("body"))
        #expect(request.operation == (try Self.operation(vector)))
        #expect(request.encodedBody().text == (try vector.text("body")))
        #expect(try SecretVaultRequest(request.operation, body: vector.utf8("body")) == request)
    }

    @Test("every answer is read, and written as it was", arguments: try entries("answers"))
    func answers(vector: Vector) throws {
        let answer = try SecretVaultAnswer(Self.operation(vector), body: vector.utf8("body"))
        #expect(answer.encodedBody().text == (try vector.text("body")))
    }

    @Test("every operation has its request and answer in the vectors")
    func complete() throws {
        let all = Set(VaultOperation.allCases.map(\.rawValue))
        #expect(try Set(Self.entries("valid").map { try $0.text("operation") }) == all)
        #expect(try Set(Self.entries("answers").map { try $0.text("operation") }) == all)
    }

    @Test("what is wrong in one way is refused", arguments: try entries("invalid"))
    func invalid(vector: Vector) throws {
        let error = #expect(throws: WireError.self) {
            try SecretVaultRequest(Self.operation(vector), body: vector.utf8("body"))
        }
        #expect(error?.code == "invalid_message")
    }

    @Test("white space, order and escapes do not matter to the reader")
    func lenient() throws {
        let body = #" { "passphrase" : "\u00e9\uD834\uDD1E\/" , "mnemonic":"a\tb" } "#
        let request = try SecretVaultRequest(.unlock, body: Array(body.utf8))
        #expect(request == .unlock(mnemonic: SecretBytes("a\tb"), passphrase: SecretBytes("é𝄞/")))
        let password = try SecretVaultRequest(.derivePassword, body: Array(#"{"site":"A.Example"}"#.utf8))
        #expect(password == .derivePassword(try SitePasswordRequest(site: "a.example").orThrow("request")))
    }

    @Test("an error names the field, and repeats no secret")
    func redaction() {
        for body in [
            #"{"mnemonic":"legal winner","x":1}"#, #"{"mnemonic":"legal winner\x"}"#, #"{"mnemonic":"legal"}}"#,
        ] {
            let error = #expect(throws: WireError.self) { try SecretVaultRequest(.unlock, body: Array(body.utf8)) }
            #expect(error?.description.contains("legal") == false)
        }
        let request = SecretVaultRequest.unlock(mnemonic: SecretBytes("legal"), passphrase: SecretBytes("winner"))
        #expect(!"\(request)".contains("legal") && !"\(request)".contains("winner"))
    }

    @Test(
        "damaged messages are refused or read, and what is read is written and read alike",
        arguments: 0..<4 as Range<UInt64>)
    func fuzz(seed: UInt64) throws {
        let bodies = try Self.entries("valid").map { (try Self.operation($0), try $0.utf8("body")) }
        var mutation = Mutation(seed: seed, alphabet: #"{}[]:,"\ abnu0129"#)
        var read = 0
        for turn in 0..<2_000 {
            let (operation, body) = bodies[turn % bodies.count]
            guard let request = try? SecretVaultRequest(operation, body: mutation.damage(body)) else { continue }
            read += 1
            let again = request.encodedBody().withBytes { bytes in try? SecretVaultRequest(operation, body: bytes) }
            #expect(again == request)
        }
        #expect(read > 20)
    }
}

/// The one service behind every carrier.
@Suite struct VaultHandlingTests {
    let vault = OpenVault()

    private func ask(
        _ operation: VaultOperation, _ body: String, handle: VaultHandle? = nil
    ) async throws -> String {
        let request = try SecretVaultRequest(operation, body: Array(body.utf8))
        let answer = try await vault.service.handle(request, handle: handle)
        let body = answer.encodedBody()
        #expect(try SecretVaultAnswer(operation, body: Array(body.text.utf8)) == answer)
        return body.text
    }

    private func unlock() async throws -> VaultHandle {
        let file = try VaultVectors.file()
        let body = JSON.object(["mnemonic": try file.json("phrase"), "passphrase": try file.json("passphrase")])
        let answer = try JSON.parse(
            Array(try await ask(.unlock, String(decoding: body.canonicalBytes(), as: UTF8.self)).utf8))
        return try VaultHandle(SecretBytes(answer["handle"].text)).orThrow("handle")
    }

    @Test("from unlock to lock, by messages alone")
    func wholeLife() async throws {
        #expect(try await ask(.status, "{}") == #"{"address":null,"locked":true,"locks_at":null}"#)
        let handle = try await unlock()
        #expect(try await ask(.status, "{}").contains(#""locked":false"#))

        let passwords = try VaultVectors.file().entries("passwords")
        let password = try await ask(.derivePassword, #"{"site":"Example.com"}"#, handle: handle)
        #expect(try JSON.parse(Array(password.utf8))["password"].text == passwords[0].text("password"))

        let sealed = try await ask(.encrypt, #"{"name":"a","plaintext":"aGVsbG8="}"#, handle: handle)
        let opened = try await ask(.decrypt, #"{"name":"a",\#(sealed.dropFirst())"#, handle: handle)
        #expect(opened == #"{"plaintext":"aGVsbG8="}"#)
        let rotated = try await ask(.rotate, #"{"name":"a","key_version":2,\#(sealed.dropFirst())"#, handle: handle)
        #expect(rotated.contains(#""key_version":2"#))
        #expect(try await ask(.decrypt, #"{"name":"a",\#(rotated.dropFirst())"#, handle: handle) == opened)

        #expect(try await ask(.lock, "{}") == "{}")
        #expect(await OpenVault.code { _ = try await ask(.deriveNostrKey, "{}") } == "vault_locked")
    }

    @Test("public keys are the vectors', without the handle")
    func publicKeys() async throws {
        _ = try await unlock()
        let file = try VaultVectors.file()
        for vector in try file.entries("paths").dropFirst(2) where try vector.text("curve") == "ed25519" {
            let body = #"{"path":"\#(try vector.text("path"))"}"#
            #expect(try await ask(.deriveEd25519, body).contains(try vector.text("public")))
            #expect(try await ask(.deriveEncryptionKey, body).contains(try vector.text("encryption_public")))
        }
        #expect(try await ask(.deriveEthereumKey, "{}").contains(try file.entry("ethereum").text("address")))
        #expect(try await ask(.deriveNostrKey, #"{"n":5}"#).contains(try file.entries("nostr")[1].text("npub")))
        let ssh = try await ask(.sshPublicKey, #"{"comment":"laptop@home"}"#)
        #expect(ssh.contains(try file.entry("ssh").entries("keys")[0].text("public")))
    }

    @Test("operations that need the handle are refused without it", arguments: VaultOperation.allCases)
    func handles(operation: VaultOperation) async throws {
        _ = try await unlock()
        for vector in try VaultMessageTests.entries("valid") where try VaultMessageTests.operation(vector) == operation
        {
            let code = await OpenVault.code { _ = try await ask(operation, vector.text("body")) }
            #expect((code == "handle_required") == operation.needsHandle, "\(operation): \(code ?? "answered")")
        }
    }

    @Test("errors of every kind come with their code")
    func errors() async throws {
        let handle = try await unlock()
        for (operation, body, code) in [
            (VaultOperation.unlock, #"{"mnemonic":"x"}"#, "already_unlocked"),
            (.deriveEd25519, #"{"path":"m/1"}"#, "derivation_not_hardened"),
            (.deriveEd25519, #"{"path":"x"}"#, "derivation_path_invalid"),
            (.deriveEd25519, #"{"path":"m/44h/501h/0h/0h"}"#, "wallet_path_private"),
            (.deriveEthereumKey, #"{"path":"m/44'/501'/0'/0'"}"#, "wallet_path_private"),
        ] {
            #expect(await OpenVault.code { _ = try await ask(operation, body, handle: handle) } == code, "\(body)")
        }
    }
}
