import KinWire

/// The signature checks a broker needs, given to it from outside: the broker itself holds no key and links no cipher.
public protocol BrokerVerifier: Sendable {
    /// Whether `chain` makes its bearer a member of `mesh` now (milliseconds).
    /// - Throws: an error whose description may be shown to the bearer.
    func verify(_ chain: Chain, in mesh: MeshID, now: Int64) throws

    /// Whether `hello` answers `nonce` for one of `origins`, signed by its chain's key in force; the chain too is verified.
    func verify(_ hello: Hello, nonce: [UInt8], origins: [String], now: Int64) throws

    /// Whether both wallets and an owner device of `mesh` say what `handover` says; revocations are not looked at.
    /// - Throws: an error whose description may be shown to the speaker.
    func verify(_ handover: Handover, in mesh: MeshID, now: Int64) throws

    /// Whether an owner device of `mesh` signed `settings`; revocations are not looked at.
    /// - Throws: an error whose description may be shown to whoever sent it.
    func verify(_ settings: SettingsProof, in mesh: MeshID, now: Int64) throws

    /// Whether a member of `mesh` signed the list of a topic; revocations are not looked at.
    /// - Throws: an error whose description may be shown to whoever sent it.
    func verify(_ proof: TopicProof, in mesh: MeshID, now: Int64) throws

    /// Whether `one` holds where both are valid.
    func isNewer(_ one: MeshSettings, than other: MeshSettings) -> Bool

    /// The id of a raw Ed25519 key: SHA-256, as tokens carry it.
    func keyID(of key: [UInt8]) -> [UInt8]

    /// Whether the wallet signed `credential`, and it holds now.
    func isValid(_ credential: JoinCredential, now: Int64) -> Bool

    /// The revocation log of `mesh`, holding what was stored of it.
    func ledger(for mesh: MeshID, holding proofs: [RevocationProof]) -> any BrokerLedger

    /// Bytes that nobody can guess.
    func random(_ count: Int) -> [UInt8]
}
