import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

/// The signatures of `Vectors/kindred/statements.json`.
@Suite struct StatementSigningTests {
    static let file = "kindred/statements.json"

    static func key(_ name: String) throws -> Ed25519.PrivateKey {
        let pair = try Vector(file: file).entry("keys").entry(name)
        let key = try Ed25519.PrivateKey(seed: SecretBytes(copying: pair.hex("seed")))
        #expect(key.publicKey.bytes == (try pair.hex("public")))
        return key
    }

    static func vectors(twoSignatures: Bool) throws -> [Vector] {
        try Vector.list(file, "valid").filter {
            $0.has("signature_old") == twoSignatures && !$0.has("signature_member")
        }
    }

    @Test("a statement's key makes exactly the signature that is written", arguments: try vectors(twoSignatures: false))
    func single(vector: Vector) throws {
        let key = try Self.key(vector.text("signer"))
        let bytes = try vector.utf8("unsigned")
        let domain = try vector.text("domain")
        let signature = key.sign(bytes, domain: domain)
        #expect(Hex.encode(signature) == (try vector.text("signature")))
        #expect(key.publicKey.isValid(signature: signature, over: bytes, domain: domain))
        #expect(!key.publicKey.isValid(signature: signature, over: bytes, domain: "kindred/other/v1"))
        #expect(Hex.encode(Digest.sha256(try vector.utf8("canonical"))) == (try vector.text("sha256")))
    }

    @Test("a rotation has the signatures of both keys", arguments: try vectors(twoSignatures: true))
    func rotations(vector: Vector) throws {
        var rotation = try Rotation(canonical: vector.utf8("canonical"))
        let written = rotation
        rotation.oldSignature = []
        rotation.newSignature = []
        let signed = try rotation.signed(
            old: Self.key(vector.text("signer_old")), new: Self.key(vector.text("signer_new")))
        #expect(signed == written)
        #expect(Hex.encode(signed.oldSignature) == (try vector.text("signature_old")))
        #expect(Hex.encode(signed.newSignature) == (try vector.text("signature_new")))
    }

    @Test("a succession has the signatures of both wallets and of the speaking device")
    func successions() throws {
        for vector in try Vector.list(Self.file, "valid") where vector.has("signature_member") {
            var succession = try Succession(canonical: vector.utf8("canonical"))
            let written = succession
            (succession.oldSignature, succession.newSignature, succession.memberSignature) = ([], [], [])
            let bytes = succession.unsignedBytes()
            succession.oldSignature = try Self.key(vector.text("signer_old")).sign(bytes, domain: Succession.domain)
            succession.newSignature = try Self.key(vector.text("signer_new")).sign(bytes, domain: Succession.domain)
            succession.memberSignature = try Self.key(vector.text("signer_member")).sign(
                bytes, domain: Succession.domain)
            #expect(succession == written)
            #expect(Hex.encode(succession.memberSignature) == (try vector.text("signature_member")))
        }
    }

    @Test("signing a certificate, a record or a hello again changes nothing")
    func again() throws {
        for vector in try Vector.list(Self.file, "valid") {
            let bytes = try vector.utf8("canonical")
            switch try vector.text("kind") {
            case "certificate":
                let certificate = try Certificate(canonical: bytes)
                let key = try Self.key(vector.text("signer"))
                #expect(certificate.signed(by: key) == certificate)
                #expect(certificate.isSigned(by: key.publicKey))
            case "record":
                let record = try RegistryRecord(json: bytes)
                #expect(try record.signed(by: Self.key(vector.text("signer"))) == record)
            default: break
            }
        }
    }

    @Test("a wallet's word is bound to the statement's own domain")
    func walletSigner() async throws {
        let wallet = try TestWallet()
        let statement = Certificate(
            mesh: wallet.home, member: ULID(milliseconds: 1, randomness: Random.bytes(10)),
            machineID: try MachineID("0123456789abcdef").orThrow("machine id"),
            ed25519: Ed25519.PrivateKey.random().publicKey.bytes,
            x25519: X25519.PrivateKey.random().publicKey.bytes, role: .owner, issuedAt: 1, issuer: .wallet)
        let signed = try await wallet.sign(statement)
        #expect(signed.isSigned(by: wallet.key.publicKey))
        #expect(!statement.isSigned(by: wallet.key.publicKey))
        let elsewhere = try await wallet.signature(over: statement.unsignedBytes(), domain: Rotation.domain)
        #expect(elsewhere != signed.signature)
    }
}
