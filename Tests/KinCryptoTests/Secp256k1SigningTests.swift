import Foundation
import KinCrypto
import KinEncoding
import KinTesting
import Testing

@Suite struct Secp256k1SigningTests {
    struct Schnorr: Sendable, CustomTestStringConvertible {
        let index, secret, publicKey, auxiliary, message, signature: String
        let isValid: Bool
        var testDescription: String { index }
    }

    static let published: [Schnorr] = {
        let text = (try? Vectors.bytes("published/bip340.csv")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(whereSeparator: \.isNewline).dropFirst().map {
            let fields = $0.split(separator: ",", omittingEmptySubsequences: false).map { String($0).lowercased() }
            return Schnorr(
                index: fields[0], secret: fields[1], publicKey: fields[2], auxiliary: fields[3], message: fields[4],
                signature: fields[5], isValid: fields[6] == "true")
        }
    }()

    @Test("the published Schnorr signatures are judged as they should be (BIP-340)", arguments: published)
    func verification(vector: Schnorr) throws {
        let isValid = Secp256k1.isValidSchnorr(
            signature: try Hex.decode(vector.signature), over: try Hex.decode(vector.message),
            publicKey: try Hex.decode(vector.publicKey))
        #expect(isValid == vector.isValid)
    }

    @Test("the published Schnorr keys and signatures are made", arguments: published.filter { !$0.secret.isEmpty })
    func signing(vector: Schnorr) throws {
        let secret = try SecretBytes(hex: vector.secret)
        #expect(Hex.encode(try Secp256k1.xOnlyPublicKey(secret)) == vector.publicKey)
        let signature = try Secp256k1.schnorrSignature(
            over: Hex.decode(vector.message), key: secret, auxiliary: Hex.decode(vector.auxiliary))
        #expect(Hex.encode(signature) == vector.signature)
    }

    @Test("all of the published ones are there")
    func complete() {
        #expect(Self.published.count == 19)
        #expect(Self.published.filter { !$0.secret.isEmpty }.count >= 8)
    }

    @Test("a Schnorr signature differs each time and holds each time")
    func auxiliary() throws {
        let secret = SecretBytes.random(count: 32)
        let publicKey = try Secp256k1.xOnlyPublicKey(secret)
        let signatures = try (0..<3).map { _ in try Secp256k1.schnorrSignature(over: [1], key: secret) }
        #expect(Set(signatures).count == 3)
        #expect(signatures.allSatisfy { Secp256k1.isValidSchnorr(signature: $0, over: [1], publicKey: publicKey) })
        #expect(!Secp256k1.isValidSchnorr(signature: [], over: [1], publicKey: publicKey))
        #expect(!Secp256k1.isValidSchnorr(signature: signatures[0], over: [1], publicKey: []))
    }

    @Test("the signer's key is recovered from an ECDSA signature, which is the same each time")
    func recovery() throws {
        for _ in 0..<20 {
            let (secret, digest) = (SecretBytes.random(count: 32), Random.bytes(32))
            let signature = try Secp256k1.recoverableSignature(over: digest, key: secret)
            let publicKey = try Secp256k1.uncompressedPublicKey(secret)
            #expect(publicKey.count == 65 && publicKey.first == 4)
            #expect(Array(publicKey[1..<33]) == Array(try Secp256k1.publicKey(secret).dropFirst()))
            #expect(try Secp256k1.publicKey(recoveredFrom: signature, over: digest) == publicKey)
            #expect(try Secp256k1.recoverableSignature(over: digest, key: secret) == signature)
            #expect(try Secp256k1.publicKey(recoveredFrom: signature, over: digest.reversed()) != publicKey)
            #expect(signature.bytes[32] < 0x80)
        }
    }

    @Test("what is no key, no digest or no signature is refused")
    func refused() throws {
        let (zero, key) = (SecretBytes(count: 32) { _ in }, SecretBytes.random(count: 32))
        for secret in [zero, .random(count: 31)] {
            #expect(throws: CryptoError.self) {
                try Secp256k1.recoverableSignature(over: Random.bytes(32), key: secret)
            }
            #expect(throws: CryptoError.self) { try Secp256k1.schnorrSignature(over: [], key: secret) }
            #expect(throws: CryptoError.self) { try Secp256k1.xOnlyPublicKey(secret) }
            #expect(throws: CryptoError.self) { try Secp256k1.uncompressedPublicKey(secret) }
        }
        let error = #expect(throws: CryptoError.self) { try Secp256k1.recoverableSignature(over: [1], key: key) }
        #expect(error?.code == "secp256k1_digest_length")
        #expect(throws: CryptoError.self) { try Secp256k1.RecoverableSignature(bytes: [], recoveryID: 0) }
        #expect(throws: CryptoError.self) { try Secp256k1.RecoverableSignature(bytes: Random.bytes(64), recoveryID: 4) }
        let none = try Secp256k1.RecoverableSignature(bytes: [UInt8](repeating: 255, count: 64), recoveryID: 0)
        #expect(throws: CryptoError.self) { try Secp256k1.publicKey(recoveredFrom: none, over: Random.bytes(32)) }
    }
}
