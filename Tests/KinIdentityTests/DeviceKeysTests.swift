import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@Suite struct DeviceKeysTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("keypair.json is private, and gives the same keys back")
    func roundTrip() throws {
        let path = folder.file("keypair.json")
        let keys = DeviceKeys.generate()
        try keys.write(to: path)
        #expect(try mode(of: path) == 0o600)
        let read = try DeviceKeys(reading: path).orThrow("keys")
        #expect(read.signing.seed == keys.signing.seed && read.issuing.seed == keys.issuing.seed)
        #expect(read.sealing.secret == keys.sealing.secret)
        #expect(read.registrationSecret == keys.registrationSecret && read.fingerprintKey == keys.fingerprintKey)
    }

    @Test("no two devices have a key in common")
    func fresh() {
        let keys = DeviceKeys.generate()
        let secrets = [
            keys.signing.seed, keys.issuing.seed, keys.sealing.secret, keys.registrationSecret, keys.fingerprintKey,
        ]
        for (index, secret) in secrets.enumerated() {
            #expect(!secrets[(index + 1)...].contains(secret))
        }
        #expect(DeviceKeys.generate().signing.publicKey != keys.signing.publicKey)
    }

    @Test("there are no keys where there is no file")
    func absent() throws {
        let isAbsent = try DeviceKeys(reading: folder.file("none")) == nil
        #expect(isAbsent)
    }

    private func keys(registration: [UInt8] = [UInt8](repeating: 0, count: 32), fingerprint: [UInt8]? = nil)
        -> DeviceKeys
    {
        DeviceKeys(
            signing: .random(), sealing: .random(), issuing: .random(),
            registrationSecret: SecretBytes(copying: registration),
            fingerprintKey: SecretBytes(copying: fingerprint ?? registration))
    }

    @Test("the registration secret is the vectors', and another for every server")
    func registration() throws {
        let vector = try Vector(file: "kindred/registry.json").entry("registration_secret")
        let keys = keys(registration: try vector.hex("secret"))
        let origin = try vector.text("origin")
        #expect(Hex.encode(keys.registrationProof(origin: origin)) == (try vector.text("header")))
        #expect(keys.registrationProof(origin: origin + ":1") != keys.registrationProof(origin: origin))
    }

    @Test(
        "a request's fingerprint is the vectors'",
        arguments: try Vector.list("kindred/messages.json", "fingerprints"))
    func fingerprints(vector: Vector) throws {
        let key = SecretBytes(copying: try vector.hex("key"))
        let bytes = try vector.utf8("canonical")
        #expect(Hex.encode(HMAC.sha256(key: key, bytes)) == (try vector.text("fingerprint")))
    }

    @Test("a fingerprint changes with the request and with the device")
    func facts() throws {
        let key = [UInt8](repeating: 3, count: 32)
        var facts = RequestFacts(
            clientMessageID: try ClientMessageID("a").orThrow("id"),
            destination: .dm(ULID(milliseconds: 1, randomness: Array(key.suffix(10)))), replyTo: nil, priority: .next,
            mentions: nil, expiresIn: nil, meta: nil, bodySHA256: Digest.sha256([1]))
        let fingerprint = keys(fingerprint: key).fingerprint(of: facts)
        #expect(fingerprint == HMAC.sha256(key: SecretBytes(copying: key), facts.canonicalBytes()))
        #expect(keys().fingerprint(of: facts) != fingerprint)
        facts.bodySHA256 = Digest.sha256([2])
        #expect(keys(fingerprint: key).fingerprint(of: facts) != fingerprint)
    }
}
