import KinCrypto
import KinEncoding
import KinIdentity
import KinWire

/// Seals this device's registry record, and opens those of its family (docs/protocol/registry.md).
public struct RecordSealer: Sendable {
    static let anonymousPrefix = Array("KB1".utf8)
    static let nonceBytes = 12

    private let wallet: WalletFile
    private let verifier: ChainVerifier

    /// - Parameter revocations: whose records are not believed any more.
    public init(wallet: WalletFile, mesh: MeshID, revocations: RevocationLedger? = nil) {
        self.wallet = wallet
        verifier = ChainVerifier(mesh: mesh, revocations: revocations)
    }

    /// The blob to publish.
    public func seal(_ record: RegistryRecord, machineID: MachineID) throws -> [UInt8] {
        let bytes = record.canonicalBytes()
        guard let key = wallet.recordKey else {
            return Self.anonymousPrefix + Box.sealAnonymously(bytes, to: try X25519.PublicKey(wallet.boxPublic))
        }
        let nonce = Random.bytes(Self.nonceBytes)
        let box = try ChaChaPoly.seal(
            bytes, key: key, nonce: nonce, authenticating: Array(machineID.description.utf8))
        return nonce + box
    }

    /// Opens the blob in a slot.
    /// - Parameter now: milliseconds.
    /// - Throws: why it is not a sound record of this family.
    public func open(_ entry: RegistryEntry, now: Int64) throws(RecordFault) -> OpenedRecord {
        let (record, isByFamily) = try record(in: entry)
        guard record.ts * 1000 <= now + StatementLimits.maxAhead else { throw .datedAhead }
        guard let certified = record.certified else {
            // The box's public key is known to whoever ever was a member.
            guard isByFamily else { throw .uncertified }
            return OpenedRecord(record: record, machineID: entry.machineID, member: nil)
        }
        guard certified.machineID == entry.machineID else { throw .anotherSlot }
        let member = try member(by: certified.chain, now: now)
        guard member.machineID == entry.machineID, member.x25519.first?.bytes == record.hostPub else {
            throw .keyMismatch
        }
        guard
            member.currentKeySigned(
                record.unsignedBytes(), signature: certified.signature, domain: RegistryRecord.domain)
        else { throw .badSignature }
        return OpenedRecord(record: record, machineID: entry.machineID, member: member)
    }

    private func record(in entry: RegistryEntry) throws(RecordFault) -> (RegistryRecord, isByFamily: Bool) {
        guard entry.blob.count <= RegistryRecord.maxBlobBytes else { throw .tooLarge }
        let (bytes, isByFamily) = try unseal(entry)
        do throws(WireError) { return (try RegistryRecord(json: bytes), isByFamily) } catch { throw .malformed }
    }

    private func member(by chain: Chain, now: Int64) throws(RecordFault) -> VerifiedMember {
        do throws(ChainFault) { return try verifier.verify(chain, now: now) } catch {
            throw [.revoked, .issuerRevoked].contains(error) ? .revoked : .chainRefused
        }
    }

    /// What is inside, and whether only who has the phrase can have sealed it.
    private func unseal(_ entry: RegistryEntry) throws(RecordFault) -> (bytes: [UInt8], isByFamily: Bool) {
        guard let key = wallet.recordKey else { throw .noKey }
        if entry.blob.starts(with: Self.anonymousPrefix), let secret = wallet.boxSecret,
            let bytes = Box.openAnonymously(Array(entry.blob.dropFirst(Self.anonymousPrefix.count)), with: secret)
        {
            return (bytes, false)
        }
        guard entry.blob.count > Self.nonceBytes,
            let bytes = try? ChaChaPoly.open(
                Array(entry.blob.dropFirst(Self.nonceBytes)), key: key,
                nonce: Array(entry.blob.prefix(Self.nonceBytes)),
                authenticating: Array(entry.machineID.description.utf8))
        else { throw .doesNotOpen }
        return (bytes, true)
    }
}

/// A record of the family that was found sound.
public struct OpenedRecord: Hashable, Sendable {
    public let record: RegistryRecord
    public let machineID: MachineID
    /// nil: the record carries no certificate; the device cannot be reached or written to.
    public let member: VerifiedMember?
}
