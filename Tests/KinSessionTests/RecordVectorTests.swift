import KinCrypto
import KinEncoding
import KinIdentity
import KinTesting
import KinWire
import Testing

@testable import KinSession

/// `Vectors/kindred/registry.json`.
@Suite struct RecordVectorTests {
    static let path = "kindred/registry.json"
    let file: Vector
    let wallet: WalletFile
    let mesh: MeshID
    let now = TestClock.start

    init() throws {
        file = try Vector(file: Self.path)
        mesh = try MeshID(file.entries("dropped")[0].text("mesh")).orThrow("mesh")
        wallet = try WalletFile(
            address: mesh.wallet, routeID: file.text("route_id"), boxPublic: file.hex("box_public"),
            recordKey: SecretBytes(copying: file.hex("record_key")),
            boxSecret: X25519.PrivateKey(SecretBytes(copying: file.hex("box_secret"))))
    }

    private func entry(_ vector: Vector) throws -> RegistryEntry {
        try RegistryEntry(machineID: MachineID(vector.text("machine_id")).orThrow("slot"), blob: vector.hex("blob_hex"))
    }

    @Test("a blob of the vectors opens to its record", arguments: try Vector.list(path, "records"))
    func opens(vector: Vector) throws {
        let opened = try RecordSealer(wallet: wallet, mesh: mesh).open(entry(vector), now: now)
        #expect(opened.record == (try RegistryRecord(json: vector.utf8("record"))))
        #expect(opened.machineID.description == (try vector.text("machine_id")))
        #expect((opened.member == nil) == (vector.name == "uncertified, without a chain"))
    }

    @Test("sealing with the vectors' nonce gives the vectors' blob", arguments: try Vector.list(path, "records"))
    func seals(vector: Vector) throws {
        let nonce = try vector.hex("nonce")
        let box = try ChaChaPoly.seal(
            vector.utf8("record"), key: wallet.recordKey.orThrow("key"), nonce: nonce,
            authenticating: vector.utf8("machine_id"))
        #expect(nonce + box == (try vector.hex("blob_hex")))
    }

    @Test("the record of a machine without the phrase opens with the box key")
    func sealedBox() throws {
        let vector = try file.entry("sealed_box")
        let entry = try entry(vector)
        #expect(entry.blob.starts(with: Array("KB1".utf8)))
        let opened = try RecordSealer(wallet: wallet, mesh: mesh).open(entry, now: now)
        #expect(opened.record == (try RegistryRecord(json: vector.utf8("record"))))
        #expect(opened.member?.machineID == entry.machineID)
    }

    /// By the vectors' words.
    private static let faults: [String: RecordFault] = [
        "does not open": .doesNotOpen, "is no record": .malformed, "machine_id is not its slot's": .anotherSlot,
        "chain does not fit (strict reading)": .keyMismatch, "sig does not fit": .badSignature,
        "host_pub does not fit": .keyMismatch, "chain does not fit": .chainRefused,
        "chain is not valid": .chainRefused, "uncertified where anybody may have sealed it": .uncertified,
        "ts is more than 5 minutes ahead": .datedAhead,
    ]

    @Test("what must be dropped is dropped, for the reason given", arguments: try Vector.list(path, "dropped"))
    func dropped(vector: Vector) throws {
        let sealer = RecordSealer(wallet: wallet, mesh: mesh)
        if try vector.text("why") == "ts is older than one seen" {
            // For whoever remembers what was seen: the record itself is sound.
            let opened = try sealer.open(entry(vector), now: vector.integer("now"))
            #expect(try opened.record.ts < vector.integer("seen_ts"))
        } else {
            let fault = try #require(throws: RecordFault.self) {
                _ = try sealer.open(entry(vector), now: vector.integer("now"))
            }
            #expect(try fault == Self.faults[vector.text("why")])
        }
    }
}
