import KinCrypto
public import KinEncoding
import KinWire

/// A device's secrets in one mesh: `keypair.json`, 0600.
public struct DeviceKeys: Sendable {
    /// Signs as the device.
    public let signing: Ed25519.PrivateKey
    /// Opens what is sealed to the device.
    public let sealing: X25519.PrivateKey
    /// Certifies others within its issuer certificate; keypair rotation leaves it alone.
    public let issuing: Ed25519.PrivateKey
    /// Makes registration secrets for relays (docs/protocol/registry.md).
    public let registrationSecret: SecretBytes
    /// Makes request fingerprints (docs/protocol/messages.md).
    public let fingerprintKey: SecretBytes

    public static func generate() -> DeviceKeys {
        DeviceKeys(
            signing: .random(), sealing: .random(), issuing: .random(), registrationSecret: .random(count: 32),
            fingerprintKey: .random(count: 32))
    }

    public init(
        signing: Ed25519.PrivateKey, sealing: X25519.PrivateKey, issuing: Ed25519.PrivateKey,
        registrationSecret: SecretBytes, fingerprintKey: SecretBytes
    ) {
        self.signing = signing
        self.sealing = sealing
        self.issuing = issuing
        self.registrationSecret = registrationSecret
        self.fingerprintKey = fingerprintKey
    }

    /// Reads `keypair.json`; nil where there is none.
    public init?(reading path: String) throws {
        guard let document = try SecretDocument(reading: path) else { return nil }
        try self.init(
            signing: Ed25519.PrivateKey(seed: document.secret("ed25519_seed", count: 32)),
            sealing: X25519.PrivateKey(document.secret("x25519_secret", count: 32)),
            issuing: Ed25519.PrivateKey(seed: document.secret("issuer_seed", count: 32)),
            registrationSecret: document.secret("registration_secret", count: 32),
            fingerprintKey: document.secret("fingerprint_key", count: 32))
    }

    public func write(to path: String) throws {
        let document = SecretDocument.render(
            [("schema_version", "1")],
            secrets: [
                ("ed25519_seed", signing.seed), ("x25519_secret", sealing.secret), ("issuer_seed", issuing.seed),
                ("registration_secret", registrationSecret), ("fingerprint_key", fingerprintKey),
            ])
        try StateFolder.write(document, to: path)
    }

    /// `X-Kin-Registration-Secret` for the relay at `origin`: 32 bytes.
    public func registrationProof(origin: String) -> [UInt8] {
        HMAC.sha256(key: registrationSecret, Array(origin.utf8))
    }

    /// The fingerprint of a request: 32 bytes that a broker can compare but not guess the body from.
    public func fingerprint(of facts: RequestFacts) -> [UInt8] {
        HMAC.sha256(key: fingerprintKey, facts.canonicalBytes())
    }

    /// The id and the key (32 bytes) of the blob that holds a message's content (docs/protocol/files.md, "Messages that do not fit"): the same
    /// whenever it is asked for, so that nothing has to be kept for an upload to go on after a crash.
    /// - Parameters:
    ///   - fingerprint: of the message's request.
    ///   - time: when it was accepted, milliseconds.
    public func enclosure(of fingerprint: [UInt8], at time: Int64) -> (file: ULID, key: [UInt8]) {
        let domain = Array("kindred/enclosure/v1".utf8) + [0]
        let id = HMAC.sha256(key: fingerprintKey, domain + [1] + fingerprint)
        return (
            ULID(milliseconds: time, randomness: Array(id.prefix(10))),
            HMAC.sha256(key: fingerprintKey, domain + [2] + fingerprint)
        )
    }
}
