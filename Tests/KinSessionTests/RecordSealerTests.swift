import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinSession

@Suite struct RecordSealerTests {
    let family: TestFamily
    let device: TestDevice
    let now = TestClock.start

    init() async throws {
        family = try TestFamily()
        device = try await family.device()
    }

    private func record(of device: TestDevice, ts: Int64? = nil) -> RegistryRecord {
        RegistryRecord(
            name: "laptop", hostPub: device.keys.sealing.publicKey.bytes, signalURL: "wss://kin.example/agent",
            ts: ts ?? now / 1000,
            certified: .init(
                machineID: device.machineID, version: "0.1.0", chain: device.chain, revocationHead: .empty, lan: nil,
                capabilities: []))
    }

    private func open(_ blob: [UInt8], in slot: MachineID? = nil) -> OpenedRecord? {
        try? RecordSealer(wallet: family.wallet.file, mesh: family.mesh)
            .open(RegistryEntry(machineID: slot ?? device.machineID, blob: blob), now: now)
    }

    /// Why it is dropped; nil where it is not.
    private func fault(_ blob: [UInt8], in slot: MachineID? = nil) -> RecordFault? {
        do throws(RecordFault) {
            _ = try RecordSealer(wallet: family.wallet.file, mesh: family.mesh)
                .open(RegistryEntry(machineID: slot ?? device.machineID, blob: blob), now: now)
            return nil
        } catch {
            return error
        }
    }

    private func seal(_ record: RegistryRecord, with wallet: WalletFile? = nil) throws -> [UInt8] {
        try RecordSealer(wallet: wallet ?? family.wallet.file, mesh: family.mesh).seal(
            record, machineID: device.machineID)
    }

    private var signed: RegistryRecord { record(of: device).signed(by: device.keys.signing) }

    @Test("what a device publishes, its family reads, with the phrase or without when sealing")
    func roundTrip() throws {
        for wallet in [family.wallet.file, family.wallet.fileWithoutPhrase] {
            let blob = try seal(signed, with: wallet)
            let opened = try open(blob).orThrow("record")
            #expect(opened.record == signed)
            #expect(opened.member == (try device.verified()))
            #expect(blob.starts(with: Array("KB1".utf8)) == (wallet.recordKey == nil))
        }
    }

    @Test("a machine without the phrase can read no record")
    func withoutPhrase() throws {
        let sealer = RecordSealer(wallet: family.wallet.fileWithoutPhrase, mesh: family.mesh)
        for blob in [try seal(signed), try seal(signed, with: family.wallet.fileWithoutPhrase)] {
            #expect(throws: RecordFault.noKey) {
                _ = try sealer.open(RegistryEntry(machineID: device.machineID, blob: blob), now: now)
            }
        }
    }

    @Test("another family reads nothing, and its records are not believed")
    func otherFamily() async throws {
        let other = try TestFamily()
        let stranger = try await other.device()
        let blob = try seal(signed)
        #expect(throws: RecordFault.doesNotOpen) {
            _ = try RecordSealer(wallet: other.wallet.file, mesh: other.mesh)
                .open(RegistryEntry(machineID: device.machineID, blob: blob), now: now)
        }
        let foreign = record(of: stranger).signed(by: stranger.keys.signing)
        let slot = stranger.machineID
        let smuggled = try RecordSealer(wallet: family.wallet.file, mesh: family.mesh).seal(foreign, machineID: slot)
        #expect(fault(smuggled, in: slot) == .chainRefused)
    }

    @Test("a blob in another machine's slot is dropped, sealed either way")
    func foreignSlot() async throws {
        let other = try await family.device()
        for (wallet, found) in [
            (family.wallet.file, RecordFault.doesNotOpen), (family.wallet.fileWithoutPhrase, .anotherSlot),
        ] {
            let blob = try seal(signed, with: wallet)
            #expect(fault(blob) == nil)
            #expect(fault(blob, in: other.machineID) == found)
        }
    }

    @Test("a host_pub that is not the certificate's is dropped")
    func wrongHostPub() throws {
        var record = record(of: device)
        record.hostPub = X25519.PrivateKey.random().publicKey.bytes
        #expect(fault(try seal(record.signed(by: device.keys.signing))) == .keyMismatch)
    }

    @Test("a blob of more than 8 KiB is dropped unopened")
    func tooLarge() throws {
        let largest = [UInt8](repeating: 1, count: RegistryRecord.maxBlobBytes)
        #expect(fault(largest) == .doesNotOpen)
        #expect(fault(largest + [1]) == .tooLarge)
        var record = record(of: device)
        record.name = String(repeating: "x", count: RegistryRecord.maxBlobBytes)
        #expect(fault(try seal(record.signed(by: device.keys.signing))) == .tooLarge)
    }

    @Test("a record of a device that was revoked is dropped, and of one that it certified")
    func revoked() async throws {
        let guest = try family.device(issuedBy: device)
        let ledger = RevocationLedger(mesh: family.mesh)
        _ = ledger.take([try await family.revocationByWallet(of: device.member, cutoff: 0)], now: now)
        let sealer = RecordSealer(wallet: family.wallet.file, mesh: family.mesh, revocations: ledger)
        for device in [device, guest] {
            let blob = try RecordSealer(wallet: family.wallet.file, mesh: family.mesh)
                .seal(record(of: device).signed(by: device.keys.signing), machineID: device.machineID)
            let entry = RegistryEntry(machineID: device.machineID, blob: blob)
            #expect(fault(blob, in: device.machineID) == nil)
            #expect(throws: RecordFault.revoked) { _ = try sealer.open(entry, now: now) }
        }
    }

    @Test("after a rotation only the newest key may be host_pub, and only the newest signs")
    func rotated() throws {
        let rotated = device.rotated()
        #expect(open(try seal(record(of: rotated).signed(by: rotated.keys.signing))) != nil)
        #expect(open(try seal(record(of: rotated).signed(by: device.keys.signing))) == nil)
        var record = record(of: rotated)
        record.hostPub = device.keys.sealing.publicKey.bytes
        #expect(open(try seal(record.signed(by: rotated.keys.signing))) == nil)
    }

    @Test("a record that another key signed, or that was changed after signing, is dropped")
    func wrongSignature() throws {
        #expect(open(try seal(record(of: device).signed(by: .random()))) == nil)
        #expect(open(try seal(record(of: device).signed(by: family.wallet.key))) == nil)
        var changed = signed
        changed.name = "another"
        #expect(open(try seal(changed)) == nil)
        changed = signed
        changed.certified?.lan = ["10.0.0.1:1"]
        #expect(open(try seal(changed)) == nil)
    }

    @Test("a record more than 5 minutes ahead is dropped")
    func ahead() throws {
        #expect(open(try seal(record(of: device, ts: now / 1000 + 300).signed(by: device.keys.signing))) != nil)
        #expect(open(try seal(record(of: device, ts: now / 1000 + 301).signed(by: device.keys.signing))) == nil)
        let last = record(of: device, ts: 1 << 53 - 1).signed(by: device.keys.signing)
        #expect(open(try seal(last)) == nil, "the largest ts must not overflow")
    }

    @Test("a record without a chain is shown, as nobody's word")
    func uncertified() throws {
        var record = record(of: device)
        record.certified = nil
        let opened = try open(seal(record)).orThrow("record")
        #expect(opened.member == nil)
    }

    @Test("a record without a chain is dropped where anybody could have sealed it")
    func uncertifiedInBox() throws {
        var record = record(of: device)
        record.certified = nil
        let blob = try seal(record, with: family.wallet.fileWithoutPhrase)
        #expect(blob.starts(with: Array("KB1".utf8)))
        #expect(open(blob) == nil)
    }

    @Test("no damage to a blob is believed, and none traps")
    func damaged() throws {
        let blobs = try [seal(signed), seal(signed, with: family.wallet.fileWithoutPhrase)]
        for blob in blobs {
            for index in stride(from: 0, to: blob.count, by: 7) {
                var changed = blob
                changed[index] ^= 1 << UInt8(index % 8)
                #expect(open(changed) == nil)
                #expect(open(Array(blob.prefix(index))) == nil)
            }
        }
    }
}
